// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Runs the body until it succeeds, up to the policy's number of attempts.
///
/// ```swift
/// let user = try await retry(RetryPolicy(attempts: 4) { $0 is SystemError }) { attempt in
///   if attempt > 1 { print("attempt", attempt) }
///   return try await loadUser(id)
/// }
/// ```
///
/// It sleeps between the attempts. Under virtual time that takes no real time, and the jitter follows from the run's
/// seed.
///
/// **Cancellation** is never retried: a `CancellationError` is thrown on, and so is any error of a body whose task is
/// cancelled. A cancellation during a wait ends the wait.
///
/// - Parameter body: Receives the number of the attempt, from 1 up.
/// - Returns: The result of the first successful attempt.
/// - Throws: The last attempt's error, unchanged; `CancellationError` if cancelled in a wait; `MisuseError` for a
///   policy with less than one attempt.
public nonisolated(nonsending) func retry<Value>(
  _ policy: RetryPolicy = RetryPolicy(), _ body: nonisolated(nonsending) (_ attempt: Int) async throws -> Value
) async throws -> Value {
  if policy.attempts < 1 { throw MisuseError("retry: attempts is \(policy.attempts); it must be 1 or more") }
  let course = RetryCourse(policy)
  var attempt = 1
  while true {
    do {
      return try await body(attempt)
    } catch {
      guard let delay = course.delay(after: attempt, error) else { throw error }
      try await sleep(delay)
      attempt += 1
    }
  }
}

/// The state of one `retry`, apart from its body.
private struct RetryCourse {
  private let policy: RetryPolicy
  private let end: EventLoop.Instant?

  init(_ policy: RetryPolicy) {
    self.policy = policy
    end = policy.deadline.map { EventLoop.current.time.advanced(by: $0) }
    policy.budget?.addCall()
  }

  /// How long to wait for the next attempt; nil if there must not be one.
  func delay(after attempt: Int, _ error: any Error) -> Duration? {
    if attempt >= policy.attempts || error is CancellationError || Task.isCancelled { return nil }
    guard policy.retries(error) else { return nil }
    let delay = EventLoop.withRandom { policy.backoff.delay(after: attempt, using: &$0) }
    if let end, EventLoop.current.time.advanced(by: delay) > end { return nil }
    // Last, since it takes a retry out.
    if let budget = policy.budget, !budget.takeRetry() { return nil }
    return delay
  }
}
