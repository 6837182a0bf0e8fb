// SPDX-License-Identifier: Apache-2.0
// A semaphore with a ledger. Trio's reasons for it: that a borrower is known makes a wrong release, or a task that waits
// for what it holds itself, a mistake that is noticed where it is made; and the total, unlike a semaphore's value, is a
// setting that can be changed while it is in use.

import AsyncIOCore
import Synchronization

/// Limits how many do something at a time, and knows who they are; trio's `CapacityLimiter`.
///
/// ```swift
/// let converters = CapacityLimiter(2)
/// try await converters.withPermit {
///   try await sleep(.milliseconds(50))
/// }
/// converters.total = 8
/// print(converters.statistics.waiting)
/// ```
///
/// Each borrower may have one token: the task that asks for it or, where one task gives it back that another has
/// borrowed, any value that stands for the work.
///
/// ```swift
/// let uploads = CapacityLimiter(10)
/// try await uploads.acquire(onBehalfOf: "photo.jpg")
/// createTask {
///   defer { uploads.release(onBehalfOf: "photo.jpg") }
///   try await sleep(.seconds(1))
/// }
/// ```
///
/// First come, first served. It may be used from any thread and any loop. While there are tokens it doesn't suspend.
public final class CapacityLimiter: Sendable {
  private typealias State = CapacityState<LineWait, Borrower>

  private let state: Mutex<State>

  /// A limiter with so many tokens; with none, nobody gets one until `total` is raised.
  ///
  /// Ends the process with a sentence if the total is negative.
  public init(_ total: Int, file: StaticString = #fileID, line: UInt = #line) {
    require(total >= 0, "CapacityLimiter: the total \(total) is negative", file: file, line: line)
    state = Mutex(State(total: total))
  }

  /// How many tokens there are; trio's `total_tokens`. Raised, it serves those who wait; lowered, it takes nothing from
  /// those who have a token, but nobody gets one until enough have come back.
  ///
  /// Ends the process with a sentence if it is set to a negative number.
  public var total: Int {
    get { state.withLock { $0.total } }
    set {
      require(newValue >= 0, "CapacityLimiter.total: \(newValue) is negative")
      var served = Few<LineWait.Claim>()
      state.withLock { $0.setTotal(newValue, &served) }
      served.resume()
    }
  }

  /// How many have a token; trio's `borrowed_tokens`.
  public var borrowed: Int { state.withLock { $0.borrowed } }

  /// How many tokens are left; trio's `available_tokens`. Never less than zero.
  public var available: Int { state.withLock { $0.available } }

  /// Borrows a token for the current task, waiting for it if there is none.
  ///
  /// Ends the process with a sentence if the task has one already.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it has no token then, and its place in the
  ///   line is gone. A token that is there is taken even by a cancelled task.
  public nonisolated(nonsending) func acquire(
    file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    let place = CodePlace(file: file, line: line)
    try await acquire(for: .ofTask("acquire", place), place)
  }

  /// Borrows a token for whatever the value stands for, waiting for it if there is none.
  ///
  /// Ends the process with a sentence if the borrower has one already, or waits for one.
  ///
  /// - Throws: As `acquire()`.
  public nonisolated(nonsending) func acquire(
    onBehalfOf borrower: some Hashable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    try await acquire(for: Borrower(borrower), CodePlace(file: file, line: line))
  }

  /// Borrows a token for the current task if there is one, without waiting.
  ///
  /// Ends the process with a sentence if the task has one already, or if there is no task.
  public func tryAcquire(file: StaticString = #fileID, line: UInt = #line) -> Bool {
    let place = CodePlace(file: file, line: line)
    return tryAcquire(for: .ofTask("tryAcquire", place), place)
  }

  /// Borrows a token for whatever the value stands for if there is one, without waiting.
  ///
  /// Ends the process with a sentence if the borrower has one already, or waits for one.
  public func tryAcquire(
    onBehalfOf borrower: some Hashable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    tryAcquire(for: Borrower(borrower), CodePlace(file: file, line: line))
  }

  /// Gives back the token of the current task.
  ///
  /// Ends the process with a sentence if the task has none.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    let place = CodePlace(file: file, line: line)
    release(by: .ofTask("release", place), place)
  }

  /// Gives back the token that was borrowed for this.
  ///
  /// Ends the process with a sentence if none was.
  public func release(
    onBehalfOf borrower: some Hashable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) {
    release(by: Borrower(borrower), CodePlace(file: file, line: line))
  }

  /// Runs the body with a token of the current task.
  ///
  /// - Throws: What the body throws, after the token was given back; `CancellationError` as `acquire` does, and then the
  ///   body didn't run.
  public nonisolated(nonsending) func withPermit<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    defer { release() }
    return try await body()
  }

  /// Runs the body with a token for whatever the value stands for.
  ///
  /// - Throws: As the other form.
  public nonisolated(nonsending) func withPermit<Result>(
    onBehalfOf borrower: some Hashable & Sendable, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire(onBehalfOf: borrower)
    defer { release(onBehalfOf: borrower) }
    return try await body()
  }

  // MARK: - One borrower

  private func tryAcquire(for borrower: Borrower, _ place: CodePlace) -> Bool {
    state.withLock { state in
      requireNone(state.standing(of: borrower), of: borrower, place)
      return state.tryAcquire(for: borrower)
    }
  }

  private nonisolated(nonsending) func acquire(for borrower: Borrower, _ place: CodePlace) async throws {
    try await EventLoop.spendBudget()
    if !tryAcquire(for: borrower, place) { try await acquireInLine(for: borrower, place) }
  }

  private nonisolated(nonsending) func acquireInLine(for borrower: Borrower, _ code: CodePlace) async throws {
    try await waitInLine {
      state.withLock { state in
        requireNone(state.standing(of: borrower), of: borrower, code)
        if state.tryAcquire(for: borrower) { return .done(()) }
        return .wait(WaitReason("acquire", on: self)) { state.join($0, for: borrower) }
      }
    } leave: { place in
      state.withLock { $0.leave(place) }
    }
  }

  private func requireNone(_ standing: State.Standing?, of borrower: Borrower, _ place: CodePlace) {
    switch standing {
    case .holds: place.require(false, "CapacityLimiter.acquire: \(borrower) has a token already")
    case .waits: place.require(false, "CapacityLimiter.acquire: \(borrower) waits for a token already")
    case nil: break
    }
  }

  private func release(by borrower: Borrower, _ place: CodePlace) {
    var served = Few<LineWait.Claim>()
    state.withLock { state in
      place.require(state.standing(of: borrower) == .holds, "CapacityLimiter.release: \(borrower) has no token")
      state.release(by: borrower, &served)
    }
    served.resume()
  }

  // MARK: - Statistics

  /// What a limiter is doing.
  public struct Statistics: Hashable, Sendable {
    /// How many tokens there are.
    public let total: Int
    /// How many have one.
    public let borrowed: Int
    /// How many wait for one.
    public let waiting: Int
    /// Who has a token, in no order: `task 17`, or the value it was borrowed for.
    public let borrowers: [String]
  }

  /// What it is doing now.
  public var statistics: Statistics {
    state.withLock { state in
      Statistics(
        total: state.total, borrowed: state.borrowed, waiting: state.line.count,
        borrowers: state.borrowers.map(\.description))
    }
  }
}

extension Borrower {
  fileprivate static func ofTask(_ operation: StaticString, _ place: CodePlace) -> Borrower {
    let borrower = current
    place.require(
      borrower != nil, "CapacityLimiter.\(operation): there is no task to borrow for here; say on whose behalf")
    return borrower.unsafelyUnwrapped
  }
}

extension CapacityLimiter: WaitObject {
  package var waitDescription: String { "a token of \(total) with \(state.withLock { $0.line.count }) in line" }
}

extension CapacityLimiter: CustomStringConvertible {
  public var description: String {
    let (borrowed, total, waiting) = state.withLock { ($0.borrowed, $0.total, $0.line.count) }
    return "CapacityLimiter(\(borrowed) of \(total) borrowed, \(waiting) waiting)"
  }
}
