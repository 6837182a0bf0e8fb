// SPDX-License-Identifier: Apache-2.0

/// `waitInLine` until a time of the loop's clock at the latest; nil is none.
///
/// - Returns: What was granted; nil if the time came first.
/// - Throws: `CancellationError` if the task was cancelled before either.
package nonisolated(nonsending) func waitInLine<Token: Sendable, Grant: Sendable>(
  _ reason: WaitReason, until deadline: EventLoop.Instant?, join: @Sendable (Waiter) -> Token,
  leave: @Sendable (Token) -> Grant?
) async throws -> Grant? {
  if let loop = EventLoop.onThisThread {
    return try await loop.waitInLine(reason, until: deadline, join: join, leave: leave)
  }
  let loop = try EventLoop.currentOrStarted()
  return try await loop.anchor.run {
    try await loop.waitInLine(reason, until: deadline, join: join, leave: leave)
  }
}

extension EventLoop {
  nonisolated(nonsending) func waitInLine<Token, Grant>(
    _ reason: WaitReason, until deadline: Instant?, join: (Waiter) -> Token, leave: (Token) -> Grant?
  ) async throws -> Grant? {
    let wait = beginWait(reason)
    let token = join(Waiter(wait, on: self))
    let outcome = await self.wait(wait, until: deadline?.nanoseconds ?? .max)
    if let grant = leave(token) { return grant }
    if outcome == .cancelled { throw cancellation }
    return nil
  }
}
