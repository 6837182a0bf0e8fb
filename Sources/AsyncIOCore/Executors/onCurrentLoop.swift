// SPDX-License-Identifier: Apache-2.0

/// Runs the body with the loop of this thread, where the caller is; where the caller's thread has none, or not surely the
/// same after a wait, with the current one, on its thread.
package nonisolated(nonsending) func onCurrentLoop<Result: Sendable>(
  _ body: @Sendable (EventLoop) async throws -> Result
) async throws -> Result {
  if let loop = EventLoop.onThisThread(for: #isolation) {
    // What the body does may complete at once, and a caller that repeats it would keep the loop.
    try await loop.spendBudget()
    return try await body(loop)
  }
  let loop = try EventLoop.currentOrStarted()
  return try await loop.anchor.run { try await body(loop) }
}
