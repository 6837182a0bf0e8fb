// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// Lets one task at a time into a section that awaits; asyncio's `Lock`.
///
/// Between two awaits no other task of the loop runs, so state that is changed at one go needs no lock. A section that
/// awaits in its midst does.
///
/// ```swift
/// let lock = Lock()
/// try await lock.withLock {
///   let balance = try await account.balance()
///   try await account.setBalance(balance + 1)
/// }
/// ```
///
/// First come, first served: a released lock belongs to the first in line. Like asyncio's it has no owner: whoever
/// likes may release it. It may be used from any thread and any loop. Uncontended it neither suspends nor allocates.
public final class Lock: Sendable {
  private let state = Mutex(LockState<Waiter>())

  public init() {}

  /// Whether somebody holds it; asyncio's `locked`.
  public var isLocked: Bool { state.withLock { $0.isLocked } }

  /// Takes the lock, waiting for it if it is held.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it doesn't hold the lock then, and its place
  ///   in the line is gone. A lock that is free is taken even by a cancelled task,
  ///   up to 64 times in a row.
  @inlinable
  public nonisolated(nonsending) func acquire() async throws {
    switch acquireAtOnce() {
    case .done: break
    case .mustYield: try await acquireAfterOthers()
    case .mustWait: try await acquireInLine()
    }
  }

  /// Takes the lock if it is free, without waiting.
  public func tryAcquire() -> Bool { state.withLock { $0.tryAcquire() } }

  /// Gives the lock to the first in line, or frees it.
  ///
  /// Ends the process with a sentence if nobody holds it.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    var next = state.withLock { state in
      require(state.isLocked, "Lock.release: the lock isn't held", file: file, line: line)
      return state.release()
    }
    while let granted = next, !granted.waiter.resume() { next = state.withLock { $0.passOver(granted) } }
  }

  /// Runs the body with the lock held; asyncio's `async with`.
  ///
  /// - Throws: What the body throws, after the lock was released; `CancellationError` as `acquire` does, and then the
  ///   body didn't run.
  @inlinable
  public nonisolated(nonsending) func withLock<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    defer { release() }
    return try await body()
  }

  @usableFromInline
  func acquireAtOnce() -> FastPath { FastPath(tryAcquire()) }

  @usableFromInline
  nonisolated(nonsending) func acquireAfterOthers() async throws {
    try await EventLoop.letOthersRun()
    if !tryAcquire() { try await acquireInLine() }
  }

  @usableFromInline
  nonisolated(nonsending) func acquireInLine() async throws {
    try await waitInLine(WaitReason("acquire", on: self)) {
      join($0)
    } leave: {
      leave($0) ? () : nil
    }
  }

  /// Takes the lock, whether the task is cancelled or not: for who cannot go on without it.
  nonisolated(nonsending) func acquireUninterrupted() async {
    if tryAcquire() { return }
    await waitInLineUninterrupted(WaitReason("acquire", on: self)) {
      join($0)
    } leave: {
      let holds = leave($0)
      precondition(holds, "a wait that nothing interrupts ended without the lock")
    }
  }

  private func join(_ waiter: Waiter) -> LockState<Waiter>.Line.Token {
    let (token, next) = state.withLock { $0.join(waiter) }
    // The lock became free meanwhile: the wait is over before it begins.
    if let next { _ = next.waiter.resume() }
    return token
  }

  private func leave(_ token: LockState<Waiter>.Line.Token) -> Bool { state.withLock { $0.leave(token) } }
}

extension Lock: WaitObject {
  package var waitDescription: String { "a lock with \(state.withLock { $0.line.count }) in line" }
}

extension Lock: CustomStringConvertible {
  public var description: String {
    let (isLocked, waiting) = state.withLock { ($0.isLocked, $0.line.count) }
    return "Lock(\(isLocked ? "held" : "free"), \(waiting) waiting)"
  }
}
