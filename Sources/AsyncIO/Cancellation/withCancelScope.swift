// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Runs the body in a scope that can be cancelled by itself; trio's `CancelScope`.
///
/// ```swift
/// let answer = try await withCancelScope { scope in
///   onShutdown { scope.cancel("shutting down") }
///   return try await ask()
/// }
/// print(answer ?? "no answer")
/// ```
///
/// The body starts at once, in the caller's isolation. When the scope is cancelled, this waits for the body. What the
/// body itself returns or throws counts even then.
///
/// **Cancellation** of the caller cancels the body, and waits for it. The `CancellationError` is thrown on.
///
/// - Parameter deadline: When the scope is cancelled; nil for never.
/// - Returns: What the body returned; nil if it ended because the scope was cancelled.
/// - Throws: What the body throws, except the scope's own cancellation.
@inlinable
public nonisolated(nonsending) func withCancelScope<Value>(
  deadline: EventLoop.Instant? = nil,
  _ body: nonisolated(nonsending) (CancelScope) async throws -> Value
) async throws -> Value? {
  if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
  let scope = try CancelScope(deadline: deadline)
  var outcome: Result<Value, any Error>?
  await scope.run {
    do { outcome = .success(try await body(scope)) } catch { outcome = .failure(error) }
  }
  switch outcome! {
  case .success(let value): return value
  case .failure(let error):
    if scope.wasEndedByItself(error) { return nil }
    throw error
  }
}

/// Runs the body for at most a duration, and goes on without it after that; trio's `move_on_after`.
///
/// ```swift
/// let suggestions = try await moveOnAfter(.milliseconds(200)) { try await suggest(text) } ?? []
/// ```
///
/// Like `withTimeout`, without an error.
///
/// **Cancellation** of the caller cancels the body, and waits for it.
///
/// - Returns: What the body returned; nil if its time ran out.
/// - Throws: What the body throws, except the cancellation by its time limit.
@inlinable
public nonisolated(nonsending) func moveOnAfter<Value>(
  _ duration: Duration,
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Value? {
  try await withCancelScope(deadline: timeOfCurrentLoop(after: duration)) { _ in
    try await body()
  }
}

/// Like `moveOnAfter(_:_:)`, for a body that reads its time limit or changes it.
///
/// - Throws: What the body throws, except the cancellation by its time limit.
@inlinable
public nonisolated(nonsending) func moveOnAfter<Value>(
  _ duration: Duration,
  _ body: nonisolated(nonsending) (CancelScope) async throws -> Value
) async throws -> Value? {
  try await withCancelScope(deadline: timeOfCurrentLoop(after: duration), body)
}

@usableFromInline
func timeOfCurrentLoop(after duration: Duration) throws -> EventLoop.Instant {
  try EventLoop.currentOrStarted().time.advanced(by: duration)
}
