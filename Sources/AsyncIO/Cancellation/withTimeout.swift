// SPDX-License-Identifier: Apache-2.0
// The rules are those of SE-0526 and of asyncio since 3.12. At the deadline the body is cancelled and then waited for.
// What it returns or throws by itself counts even then. Only a `CancellationError` becomes a `TimeoutError`, and only
// if the caller wasn't cancelled from outside meanwhile: that cancellation goes on outwards.

public import AsyncIOCore

/// Runs the body with a time limit; asyncio's `timeout` and `wait_for`.
///
/// ```swift
/// let page = try await withTimeout(.seconds(10)) { try await fetch("http://example.com/") }
/// ```
///
/// The body starts at once, in the caller's isolation. When its time is up it is cancelled, and this waits for it: it
/// may clean up, and a result that it still returns is returned. A limit of zero or less cancels the body in the next
/// turn of the loop. The body must not add tasks to a task group from outside: see `CancelScope`.
///
/// **Cancellation** of the caller cancels the body, and waits for it.
///
/// - Throws: `TimeoutError` if the time ran out and the body ended by its cancellation; what the body throws otherwise.
@inlinable
public nonisolated(nonsending) func withTimeout<Value>(
  _ duration: Duration,
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Value {
  if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
  let scope = try CancelScope(after: duration)
  var value: Value?
  var failure: (any Error)?
  await scope.run {
    do { value = try await body() } catch { failure = error }
  }
  if let failure { throw scope.failure(failure) }
  return value!
}

/// Like `withTimeout(_:_:)`, for a body that reads its time limit or changes it.
///
/// ```swift
/// try await withTimeout(.seconds(5)) { scope in
///   let size = try await readSize()
///   if size > 1_000_000 { scope.reschedule(after: .seconds(60)) }
///   try await readRest(size)
/// }
/// ```
///
/// - Throws: As `withTimeout(_:_:)` does.
@inlinable
public nonisolated(nonsending) func withTimeout<Value>(
  _ duration: Duration,
  _ body: nonisolated(nonsending) (CancelScope) async throws -> Value
) async throws -> Value {
  if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
  let scope = try CancelScope(after: duration)
  var value: Value?
  var failure: (any Error)?
  await scope.run {
    do { value = try await body(scope) } catch { failure = error }
  }
  if let failure { throw scope.failure(failure) }
  return value!
}

/// Like `withTimeout(_:_:)`, with a time of the loop's clock instead of a duration; asyncio's `timeout_at`. Nil sets no
/// limit; the body may set one.
///
/// ```swift
/// let deadline = EventLoop.current.time.advanced(by: .seconds(30))
/// for url in urls {
///   try await withTimeout(at: deadline) { try await fetch(url) }
/// }
/// ```
///
/// - Throws: As `withTimeout(_:_:)` does.
@inlinable
public nonisolated(nonsending) func withTimeout<Value>(
  at deadline: EventLoop.Instant?,
  _ body: nonisolated(nonsending) (CancelScope) async throws -> Value
) async throws -> Value {
  if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
  let scope = try CancelScope(deadline: deadline)
  var value: Value?
  var failure: (any Error)?
  await scope.run {
    do { value = try await body(scope) } catch { failure = error }
  }
  if let failure { throw scope.failure(failure) }
  return value!
}

/// Like `withTimeout(at:_:)`, for a body that doesn't look at its time limit.
///
/// - Throws: As `withTimeout(_:_:)` does.
@inlinable
public nonisolated(nonsending) func withTimeout<Value>(
  at deadline: EventLoop.Instant?,
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Value {
  try await withTimeout(at: deadline) { _ in try await body() }
}

extension CancelScope {
  /// The error to throw where the body threw this one.
  @usableFromInline
  func failure(_ error: any Error) -> any Error {
    hasExpired && wasEndedByItself(error) ? timeoutError("withTimeout") : error
  }

  /// Whether the body ended by the scope's own cancellation, and not by one from outside.
  @usableFromInline
  func wasEndedByItself(_ error: any Error) -> Bool {
    error is CancellationError && isCancelled && !Task.isCancelled
  }
}
