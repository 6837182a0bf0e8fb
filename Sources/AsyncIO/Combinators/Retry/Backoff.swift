// SPDX-License-Identifier: Apache-2.0
// Exponential backoff and its jitter, after Marc Brooker's "Exponential Backoff And Jitter" (AWS, 2015): without jitter
// clients that failed together come back together, and fail together again.

import AsyncIOCore

/// How long to wait before each further attempt: ever longer, and not all at the same time.
///
/// ```swift
/// let backoff = Backoff(first: .milliseconds(100), factor: 2, maximum: .seconds(5), jitter: .equal)
/// // 50 to 100 ms, 100 to 200 ms, 200 to 400 ms, … 2.5 to 5 s
/// ```
public struct Backoff: Hashable, Sendable {
  /// By which random part a wait is shortened.
  public enum Jitter: Hashable, Sendable {
    /// By none: the waits are the same each time.
    case none
    /// By up to a half.
    case equal
    /// By anything up to the whole. It spreads the attempts best, and so serves a busy server best.
    case full
  }

  /// The wait before the second attempt, without jitter.
  public var first: Duration
  /// By what each further wait is longer than the one before; at least 1.
  public var factor: Double
  /// The longest wait.
  public var maximum: Duration
  public var jitter: Jitter

  public init(
    first: Duration = .milliseconds(100), factor: Double = 2, maximum: Duration = .seconds(30), jitter: Jitter = .full
  ) {
    self.first = first
    self.factor = factor
    self.maximum = maximum
    self.jitter = jitter
  }

  /// The same wait each time.
  public static func constant(_ duration: Duration, jitter: Jitter = .none) -> Backoff {
    Backoff(first: duration, factor: 1, maximum: duration, jitter: jitter)
  }

  /// No wait.
  public static var none: Backoff { constant(.zero) }

  /// The wait after the attempt with this number, the first being 1, without jitter.
  func longest(after attempt: Int) -> Duration {
    var delay = min(first, maximum)
    guard factor > 1, delay > .zero else { return delay }
    for _ in 1..<max(1, attempt) where delay < maximum { delay = min(delay.scaled(by: factor), maximum) }
    return delay
  }

  /// The wait after the attempt with this number.
  func delay(after attempt: Int, using random: inout some RandomNumberGenerator) -> Duration {
    let longest = longest(after: attempt)
    switch jitter {
    case .none: return longest
    case .equal: return longest.scaled(by: .random(in: 0.5...1, using: &random))
    case .full: return longest.scaled(by: .random(in: 0...1, using: &random))
    }
  }
}

extension Duration {
  /// Up to what a duration holds in nanoseconds.
  fileprivate func scaled(by factor: Double) -> Duration {
    .nanoseconds(Int64(exactly: (Double(clampedNanoseconds) * factor).rounded()) ?? .max)
  }
}
