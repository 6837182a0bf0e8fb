// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Lets one task at a time into a section of code that awaits; asyncio's `Lock`.
///
/// Between two awaits no other task of the loop runs, so state that is changed without an await needs no lock. A
/// section with an await in its midst does.
///
/// ```swift
/// let lock = Lock()
/// try await lock.withLock {
///   let balance = try await account.balance()
///   try await account.setBalance(balance + 1)
/// }
/// ```
///
/// First come, first served: a released lock goes to the first in line. As in asyncio a lock has no owner: any task may
/// release it. It may be used from any thread and any loop. Uncontended it neither suspends nor allocates.
public final class Lock: Sendable {
  private let permit = Permits(1, bound: 1)

  /// Makes a free lock.
  public init() {}

  /// Whether the lock is held; asyncio's `locked`.
  public var isLocked: Bool { permit.isLocked }

  /// Takes the lock, and waits for it if it is held.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it then doesn't hold the lock, and has lost
  ///   its place in line. A free lock is taken even by a cancelled task, up to 64 times in a row.
  @inlinable
  public nonisolated(nonsending) func acquire() async throws {
    if !acquireAtOnce() { try await acquireInLine() }
  }

  /// Takes the lock if it is free, without waiting. Returns false if it is held.
  public func tryAcquire() -> Bool { permit.tryAcquire() }

  /// Gives the lock to the first in line, or frees it.
  ///
  /// Traps if it isn't held.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    require(permit.release(), "Lock.release: the lock isn't held", file: file, line: line)
  }

  /// Runs the body with the lock held; asyncio's `async with`.
  ///
  /// - Throws: What the body throws, after the lock was released; `CancellationError` as `acquire` does: the body then
  ///   didn't run.
  @inlinable
  public nonisolated(nonsending) func withLock<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    defer { release() }
    return try await body()
  }

  @usableFromInline func acquireAtOnce() -> Bool { permit.acquireAtOnce() }

  @usableFromInline nonisolated(nonsending) func acquireInLine() async throws { try await permit.acquire(for: self) }

  /// Takes the lock even if the task is cancelled: for callers that can't go on without it.
  nonisolated(nonsending) func acquireUninterrupted() async { await permit.acquireUninterrupted(for: self) }
}

extension Lock: WaitObject {
  package var waitDescription: String { "a lock with \(permit.waiting) in line" }
}

extension Lock: CustomStringConvertible {
  public var description: String { "Lock(\(isLocked ? "held" : "free"), \(permit.waiting) waiting)" }
}
