// SPDX-License-Identifier: Apache-2.0

/// Decides when `retry` tries again.
///
/// ```swift
/// let policy = RetryPolicy(attempts: 5, backoff: Backoff(maximum: .seconds(2)), deadline: .seconds(10)) { error in
///   error is SystemError
/// }
/// ```
public struct RetryPolicy: Sendable {
  /// The most attempts, the first one included.
  public var attempts: Int
  /// The waits between the attempts.
  public var backoff: Backoff
  /// The time after the first attempt's start from which no further attempt begins; nil for no limit. It doesn't cut an
  /// attempt short: `withTimeout` does that, around each attempt or around all.
  public var deadline: Duration?
  /// Bounds the retries of all policies that share it.
  public var budget: RetryBudget?
  /// Whether another attempt may help against this error. Never called for cancellations.
  public var retries: @Sendable (any Error) -> Bool

  /// Makes a policy; by default three attempts for every error, with `Backoff()` between them.
  public init(
    attempts: Int = 3, backoff: Backoff = Backoff(), deadline: Duration? = nil, budget: RetryBudget? = nil,
    retries: @escaping @Sendable (any Error) -> Bool = { _ in true }
  ) {
    self.attempts = attempts
    self.backoff = backoff
    self.deadline = deadline
    self.budget = budget
    self.retries = retries
  }
}
