// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Runs the body until it succeeds, as often as the policy allows.
///
/// ```swift
/// let user = try await retry(RetryPolicy(attempts: 4) { $0 is SystemError }) { attempt in
///   if attempt > 1 { print("attempt", attempt) }
///   return try await loadUser(id)
/// }
/// ```
///
/// Between the attempts it sleeps, so under virtual time that costs none, and the jitter follows from the run's seed.
///
/// **Cancellation** is never retried: a `CancellationError` is thrown on, and so is any error of a body whose task is
/// cancelled. A cancellation during a wait ends it.
///
/// - Parameter body: Gets the number of the attempt, from 1 up.
/// - Returns: What the first attempt returned that succeeded.
/// - Throws: The last attempt's error, as it is; `CancellationError` if cancelled in a wait; `MisuseError` for a policy
///   of no attempts.
public nonisolated(nonsending) func retry<Value>(
  _ policy: RetryPolicy = RetryPolicy(), _ body: nonisolated(nonsending) (_ attempt: Int) async throws -> Value
) async throws -> Value {
  if policy.attempts < 1 { throw MisuseError("retry: \(policy.attempts) attempts are none") }
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

/// One run of `retry`, apart from what it runs.
private struct RetryCourse {
  private let policy: RetryPolicy
  private let end: EventLoop.Instant?

  init(_ policy: RetryPolicy) {
    self.policy = policy
    end = policy.deadline.map { EventLoop.current.time.advanced(by: $0) }
    policy.budget?.addCall()
  }

  /// How long to wait for the next attempt; nil if there is none.
  func delay(after attempt: Int, _ error: any Error) -> Duration? {
    if attempt >= policy.attempts || error is CancellationError || Task.isCancelled { return nil }
    guard policy.retries(error) else { return nil }
    let delay = EventLoop.withRandom { policy.backoff.delay(after: attempt, using: &$0) }
    if let end, EventLoop.current.time.advanced(by: delay) > end { return nil }
    // Last, since it takes something out.
    if let budget = policy.budget, !budget.takeRetry() { return nil }
    return delay
  }
}
