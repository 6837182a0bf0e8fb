// SPDX-License-Identifier: Apache-2.0
// A semaphore with a ledger. Trio gives two reasons for it. Since the borrower is known, a wrong release is noticed
// where it is made, and so is a task that waits for a token of its own. And the total, unlike a semaphore's value, is a
// setting that can be changed while in use.

import AsyncIOCore
import Synchronization

/// Limits how many tasks do something at a time, and knows which; trio's `CapacityLimiter`.
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
/// Each borrower may have one token. The borrower is the task that asks or, where one task borrows and another gives
/// back, any value that stands for the work.
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
/// First come, first served. It may be used from any thread and any loop. While tokens are available it doesn't
/// suspend.
public final class CapacityLimiter: Sendable {
  private typealias State = CapacityState<LineWait, Borrower>

  private let state: Mutex<State>

  /// Makes a limiter with a number of tokens; with 0 every task waits until `total` is raised.
  ///
  /// Traps if the total is negative.
  public init(_ total: Int, file: StaticString = #fileID, line: UInt = #line) {
    require(total >= 0, "CapacityLimiter: the total \(total) is negative", file: file, line: line)
    state = Mutex(State(total: total))
  }

  /// The number of tokens; trio's `total_tokens`. Raising it serves waiting tasks. Lowering it takes no token away, but
  /// new ones are lent only after enough have come back.
  ///
  /// Traps if it is set to a negative number.
  public var total: Int {
    get { state.withLock { $0.total } }
    set {
      require(newValue >= 0, "CapacityLimiter.total: \(newValue) is negative")
      var served = Few<LineWait.Claim>()
      state.withLock { $0.setTotal(newValue, &served) }
      served.resume()
    }
  }

  /// The number of borrowed tokens; trio's `borrowed_tokens`.
  public var borrowed: Int { state.withLock { $0.borrowed } }

  /// The number of available tokens; trio's `available_tokens`. Never less than zero.
  public var available: Int { state.withLock { $0.available } }

  /// Borrows a token for the current task, and waits for one if necessary.
  ///
  /// Traps if the task already has one.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it then has no token, and has lost its
  ///   place in line. An available token is taken even by a cancelled task.
  public nonisolated(nonsending) func acquire(
    file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    let place = CodePlace(file: file, line: line)
    try await acquire(for: .ofTask("acquire", place), place)
  }

  /// Borrows a token for the work that the value stands for, and waits for one if necessary.
  ///
  /// Traps if the borrower already has one, or waits for one.
  ///
  /// - Throws: As `acquire()` does.
  public nonisolated(nonsending) func acquire(
    onBehalfOf borrower: some Hashable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    try await acquire(for: Borrower(borrower), CodePlace(file: file, line: line))
  }

  /// Borrows a token for the current task without waiting. Returns false if no token is available.
  ///
  /// Traps if the task already has one, or if called outside of a task.
  public func tryAcquire(file: StaticString = #fileID, line: UInt = #line) -> Bool {
    let place = CodePlace(file: file, line: line)
    return tryAcquire(for: .ofTask("tryAcquire", place), place)
  }

  /// Borrows a token for the work that the value stands for, without waiting. Returns false if no token is available.
  ///
  /// Traps if the borrower already has one, or waits for one.
  public func tryAcquire(
    onBehalfOf borrower: some Hashable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    tryAcquire(for: Borrower(borrower), CodePlace(file: file, line: line))
  }

  /// Gives back the token of the current task.
  ///
  /// Traps if the task has no token.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    let place = CodePlace(file: file, line: line)
    release(by: .ofTask("release", place), place)
  }

  /// Gives back the token that was borrowed for this value.
  ///
  /// Traps if it has no token.
  public func release(
    onBehalfOf borrower: some Hashable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) {
    release(by: Borrower(borrower), CodePlace(file: file, line: line))
  }

  /// Runs the body with a token of the current task.
  ///
  /// - Throws: What the body throws, after the token was given back; `CancellationError` as `acquire` does: the body
  ///   then didn't run.
  public nonisolated(nonsending) func withPermit<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    defer { release() }
    return try await body()
  }

  /// Runs the body with a token for the work that the value stands for.
  ///
  /// - Throws: What the body throws, after the token was given back; `CancellationError` as `acquire` does: the body
  ///   then didn't run.
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

  /// A limiter's counts and borrowers at one moment.
  public struct Statistics: Hashable, Sendable {
    /// The number of tokens.
    public let total: Int
    /// The number of borrowed tokens.
    public let borrowed: Int
    /// The number of borrowers that wait for a token.
    public let waiting: Int
    /// The borrowers, in any order: `task 17`, or the value that stands for the work.
    public let borrowers: [String]
  }

  /// The limiter's state now.
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
      borrower != nil, "CapacityLimiter.\(operation): called outside of a task; pass onBehalfOf:")
    return unsafe borrower.unsafelyUnwrapped
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
