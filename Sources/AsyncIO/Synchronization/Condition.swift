// SPDX-License-Identifier: Apache-2.0
// A task joins the line *before* it releases the lock. On one loop the order would make no difference; on several, a
// notification could get lost between the two.
//
// A cancelled task must have the lock again before it may throw: its caller is inside `withLock`, and will release it.
// Swift's cancellation is sticky, so an ordinary wait for the lock would end at once, again and again. So the lock has
// a form of `acquire` that cancellation doesn't interrupt.

import AsyncIOCore
import Synchronization

/// A lock, and a line of tasks that wait for a change under it; asyncio's `Condition`.
///
/// ```swift
/// let changed = Condition()
/// var apples = 0
/// createTask {
///   try await changed.withLock {
///     apples += 1
///     changed.notify()
///   }
/// }
/// try await changed.withLock {
///   while apples == 0 { try await changed.wait() }
///   apples -= 1
/// }
/// ```
///
/// A task that waited has to look again, for two reasons. Another task may have had the lock first. And a cancelled
/// task passes its notification on, even if nothing has changed. It may be used from any thread and any loop.
public final class Condition: Sendable {
  private let lock: Lock
  private let line = Mutex(Line<LineWait, Void, Void>())

  /// Makes a condition with the given lock, or with one of its own. Several conditions may share a lock.
  public init(lock: Lock? = nil) { self.lock = lock ?? Lock() }

  /// Whether the lock is held; asyncio's `locked`.
  public var isLocked: Bool { lock.isLocked }

  /// Takes the lock, as `Lock.acquire` does.
  ///
  /// - Throws: As `Lock.acquire` does.
  public nonisolated(nonsending) func acquire() async throws { try await lock.acquire() }

  /// Releases the lock, as `Lock.release` does.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    lock.release(file: file, line: line)
  }

  /// Runs the body with the lock held, as `Lock.withLock` does.
  ///
  /// - Throws: As `Lock.withLock` does.
  public nonisolated(nonsending) func withLock<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await lock.withLock(body)
  }

  /// Releases the lock, waits to be notified, and takes the lock again.
  ///
  /// Traps if the lock isn't held.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before this returns. The task then holds the lock too:
  ///   taking it again can't be interrupted. If it had been notified, another task is notified instead.
  public nonisolated(nonsending) func wait(
    file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    require(lock.isLocked, "Condition.wait: the lock isn't held", file: file, line: line)
    do {
      try await waitInLine()
    } catch {
      await lock.acquireUninterrupted()
      throw error
    }
    await lock.acquireUninterrupted()
    if Task.isCancelled {
      notifyFirst(1)
      throw CancellationError()
    }
  }

  /// Waits, as `wait` does, until the predicate holds; asyncio's `wait_for`. It doesn't wait if the predicate already
  /// holds.
  ///
  /// ```swift
  /// let changed = Condition()
  /// var isOpen = false
  /// createTask {
  ///   try await changed.withLock {
  ///     isOpen = true
  ///     changed.notifyAll()
  ///   }
  /// }
  /// try await changed.withLock {
  ///   try await changed.wait { isOpen }
  /// }
  /// ```
  ///
  /// Traps if the lock isn't held.
  ///
  /// - Parameter predicate: Called with the lock held, at first and after each notification.
  /// - Throws: What the predicate throws, and `CancellationError` as `wait` does; the lock is held then too.
  public nonisolated(nonsending) func wait(
    for predicate: () throws -> Bool, file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    require(lock.isLocked, "Condition.wait: the lock isn't held", file: file, line: line)
    while try !predicate() { try await wait() }
  }

  /// Lets up to `count` waiting tasks go on, in the order in which they came, as soon as they get the lock.
  ///
  /// Traps if the lock isn't held, or if the count is negative.
  public func notify(_ count: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
    require(lock.isLocked, "Condition.notify: the lock isn't held", file: file, line: line)
    require(count >= 0, "Condition.notify: count is \(count); it must be 0 or more", file: file, line: line)
    notifyFirst(count)
  }

  /// Lets all waiting tasks go on, each as soon as it gets the lock.
  ///
  /// Traps if the lock isn't held.
  public func notifyAll(file: StaticString = #fileID, line: UInt = #line) {
    require(lock.isLocked, "Condition.notifyAll: the lock isn't held", file: file, line: line)
    notifyFirst(.max)
  }

  private func notifyFirst(_ count: Int) {
    var notified = Few<LineWait.Claim>()
    line.withLock { line in
      for _ in 0..<count {
        guard let next = line.serveFirst(()) else { break }
        notified.add(next.claim)
      }
    }
    notified.resume()
  }

  private nonisolated(nonsending) func waitInLine() async throws {
    try await AsyncIOCore.waitInLine { () -> Attempt<Void, Line<LineWait, Void, Void>.Token> in
      let attempt = line.withLock { line in
        Attempt<Void, _>.wait(WaitReason("wait", on: self)) { line.join($0) }
      }
      if case .waits = attempt { lock.release() }
      return attempt
    } leave: { token in
      line.withLock { $0.leave(token) }
    }
  }
}

extension Condition: WaitObject {
  package var waitDescription: String { "for a condition with \(line.withLock { $0.count }) in line" }
}

extension Condition: CustomStringConvertible {
  public var description: String {
    "Condition(\(isLocked ? "held" : "free"), \(line.withLock { $0.count }) waiting)"
  }
}
