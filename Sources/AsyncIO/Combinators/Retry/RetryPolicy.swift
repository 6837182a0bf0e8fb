// SPDX-License-Identifier: Apache-2.0

/// When `retry` tries again.
///
/// ```swift
/// let policy = RetryPolicy(attempts: 5, backoff: Backoff(maximum: .seconds(2)), deadline: .seconds(10)) { error in
///   error is SystemError
/// }
/// ```
public struct RetryPolicy: Sendable {
  /// How many attempts there are at most, the first one included.
  public var attempts: Int
  /// How long to wait between them.
  public var backoff: Backoff
  /// After how long, from the first attempt on, no further one begins; nil is never. An attempt that is under way is
  /// not cut short: `withTimeout` does that, around each attempt or around all.
  public var deadline: Duration?
  /// Bounds the retries of all that share it.
  public var budget: RetryBudget?
  /// Whether another attempt may help against this error. It is never asked about cancellations.
  public var retries: @Sendable (any Error) -> Bool

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
