// SPDX-License-Identifier: Apache-2.0

/// The actor of a loop: what is isolated to it runs on the loop's thread, whoever calls. It is how a call from outside
/// hops to the loop that a stream or a timer belongs to, and back.
package actor LoopAnchor {
  private let executor: LoopSerialExecutor

  init(executor: LoopSerialExecutor) { self.executor = executor }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: executor) }

  /// Runs the body on the loop's thread.
  package func run<Result>(_ body: sending () async throws -> sending Result) async rethrows -> sending Result {
    // Something to do on the loop's thread: a hop that is followed by an await at once is superfluous to the compiler,
    // even where the callee, as here, relies on its caller for it.
    // The loop is kept for as long as this takes, since the executor that this comes back to does not.
    let loop = executor.expectCurrent()
    defer { withExtendedLifetime(loop) {} }
    return try await body()
  }
}

/// Runs the body with the loop of this thread, where the caller is. If the caller's thread has no loop, or not surely the
/// same one after a wait, runs it with the current loop, on that loop's thread.
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
