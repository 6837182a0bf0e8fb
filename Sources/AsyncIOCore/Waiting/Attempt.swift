// SPDX-License-Identifier: Apache-2.0
// The way in which every primitive uses a line. It attempts the operation within one section of its mutex. If the
// operation can't be done at once, the wait for it begins in that section, so that nothing can happen in between.

/// The result of an attempt.
@usableFromInline package enum Attempt<Value: Sendable, Place: Sendable>: Sendable {
  case done(Value)
  /// The calling task has joined the line, and has to wait.
  case waits(LineWait, Place)
  /// The operation can't be done now, and no wait has begun: the caller doesn't wait, or the thread has no loop.
  case notNow
}

extension Attempt {
  /// Begins a wait, in the section that found that the operation can't be done now.
  ///
  /// - Parameter join: Joins the line.
  package static func wait(_ reason: WaitReason, _ join: (LineWait) -> Place) -> Attempt {
    guard let wait = LineWait.begin(reason) else { return .notNow }
    return .waits(wait, join(wait))
  }
}

/// Makes an attempt, and suspends the calling task until it is granted what it waits for. On the loop of the calling
/// thread, or else on the shared one.
///
/// - Parameter leave: Leaves the line, and returns what was granted; nil if nothing was.
/// - Throws: `CancellationError` if the task was cancelled before anything was granted.
@inlinable @inline(__always)
package nonisolated(nonsending) func waitInLine<Value: Sendable, Place: Sendable>(
  _ attempt: @Sendable () -> Attempt<Value, Place>, leave: @Sendable (Place) -> Value?
) async throws -> Value {
  switch attempt() {
  case .done(let value): return value
  case .waits(let wait, let place):
    await wait.wait()
    guard let value = leave(place) else { throw wait.cancellation }
    return value
  case .notNow: return try await waitInLineOnLoop(attempt, leave: leave)
  }
}

/// Waits on the shared loop, for a thread without a loop.
@usableFromInline
nonisolated(nonsending) func waitInLineOnLoop<Value: Sendable, Place: Sendable>(
  _ attempt: @Sendable () -> Attempt<Value, Place>, leave: @Sendable (Place) -> Value?
) async throws -> Value {
  try await EventLoop.currentOrStarted().anchor.run { try await waitInLine(attempt, leave: leave) }
}

/// Makes an attempt, and waits until the given time of the loop's clock at most; nil waits without a limit.
///
/// - Returns: What was granted; nil if the time came first.
package nonisolated(nonsending) func waitInLine<Value: Sendable, Place: Sendable>(
  until deadline: EventLoop.Instant?, _ attempt: @Sendable () -> Attempt<Value, Place>,
  leave: @Sendable (Place) -> Value?
) async throws -> Value? {
  switch attempt() {
  case .done(let value): return value
  case .waits(let wait, let place):
    let outcome = await wait.wait(until: deadline)
    if let value = leave(place) { return value }
    if outcome == .deadlinePassed { return nil }
    throw wait.cancellation
  case .notNow:
    return try await EventLoop.currentOrStarted().anchor.run {
      try await waitInLine(until: deadline, attempt, leave: leave)
    }
  }
}

/// Makes an attempt, and waits even if the task is cancelled.
package nonisolated(nonsending) func waitInLineUninterrupted<Value: Sendable, Place: Sendable>(
  _ attempt: @Sendable () -> Attempt<Value, Place>, leave: @Sendable (Place) -> Value?
) async -> Value {
  switch attempt() {
  case .done(let value): return value
  case .waits(let wait, let place):
    await wait.waitUninterrupted()
    guard let value = leave(place) else { preconditionFailure("a wait that nothing interrupts ended without a grant") }
    return value
  case .notNow:
    return await EventLoop.current.anchor.run { await waitInLineUninterrupted(attempt, leave: leave) }
  }
}
