// SPDX-License-Identifier: Apache-2.0
// The waits of what is not a loop's own: a lock, a queue, a future. Those may be used from any thread, so they keep
// their state behind a mutex and the tasks that wait for them as `Waiter`s, each of which knows its loop.
//
// Who decides that a wait has ended? The state does, behind its mutex: it *grants* what a waiter stands in line for, and
// then the waiter is resumed. On the waiter's own loop `resume` can say that the task had been cancelled before: then the
// grant is taken back and goes to the next. From another thread nobody can know: the grant stands, and a task that is
// cancelled in between finds it when it leaves the line. So nothing is ever given to a task that is gone, and nothing is
// given twice.

/// The wait of a task, in the hands of whoever will end it. From any thread.
package struct Waiter: Sendable {
  /// A reference that counts: between the grant and the resumption, which another thread does, a task that is cancelled
  /// may have left with what it was granted, and its loop may have ended.
  private let loop: EventLoop
  private let id: WaitID

  init(_ id: WaitID, on loop: EventLoop) {
    self.id = id
    self.loop = loop
  }

  /// Ends the wait. False if the task was cancelled before, which only its own loop's thread can tell.
  package func resume() -> Bool {
    if loop.isCurrent { return loop.resume(id) }
    loop.postFromAnywhere { [id] in $0.resume(id) }
    return true
  }
}

/// Suspends the calling task until it is granted what it stands in line for, on the loop of the calling thread or else
/// on the shared one.
///
/// - Parameters:
///   - reason: What a report says that the task waits for.
///   - join: Puts the waiter into the line. It may be granted something at once.
///   - leave: Takes it out again, whatever happened, and returns what it was granted: nil if nothing.
/// - Throws: `CancellationError` if the task was cancelled before anything was granted.
package nonisolated(nonsending) func waitInLine<Token: Sendable, Grant: Sendable>(
  _ reason: WaitReason, join: @Sendable (Waiter) -> Token, leave: @Sendable (Token) -> Grant?
) async throws -> Grant {
  if let loop = EventLoop.onThisThread { return try await loop.waitInLine(reason, join: join, leave: leave) }
  let loop = try EventLoop.currentOrStarted()
  return try await loop.anchor.run { try await loop.waitInLine(reason, join: join, leave: leave) }
}

/// The same for what has to come to its end even if the task is cancelled.
package nonisolated(nonsending) func waitInLineUninterrupted<Token: Sendable, Grant: Sendable>(
  _ reason: WaitReason, join: @Sendable (Waiter) -> Token, leave: @Sendable (Token) -> Grant
) async -> Grant {
  if let loop = EventLoop.onThisThread { return await loop.waitInLineUninterrupted(reason, join: join, leave: leave) }
  let loop = EventLoop.current
  return await loop.anchor.run { await loop.waitInLineUninterrupted(reason, join: join, leave: leave) }
}

extension EventLoop {
  nonisolated(nonsending) func waitInLineUninterrupted<Token, Grant>(
    _ reason: WaitReason, join: (Waiter) -> Token, leave: (Token) -> Grant
  ) async -> Grant {
    let wait = beginWait(reason)
    let token = join(Waiter(wait, on: self))
    await waitUninterrupted(wait)
    return leave(token)
  }

  nonisolated(nonsending) func waitInLine<Token, Grant>(
    _ reason: WaitReason, join: (Waiter) -> Token, leave: (Token) -> Grant?
  ) async throws -> Grant {
    let wait = beginWait(reason)
    let token = join(Waiter(wait, on: self))
    _ = await self.wait(wait)
    guard let grant = leave(token) else { throw cancellation }
    return grant
  }
}
