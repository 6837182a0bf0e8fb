// SPDX-License-Identifier: Apache-2.0
// Exponential backoff and its jitter, after Marc Brooker's "Exponential Backoff And Jitter" (AWS, 2015). Without
// jitter, clients that failed together come back together, and fail together again.

import AsyncIOCore

/// The waits before further attempts: ever longer, and different for each client.
///
/// ```swift
/// let backoff = Backoff(first: .milliseconds(100), factor: 2, maximum: .seconds(5), jitter: .equal)
/// // 50 to 100 ms, 100 to 200 ms, 200 to 400 ms, … 2.5 to 5 s
/// ```
public struct Backoff: Hashable, Sendable {
  /// The random part by which a wait is shortened.
  public enum Jitter: Hashable, Sendable {
    /// Nothing: the waits are equal each time.
    case none
    /// Up to a half.
    case equal
    /// Up to the whole. This spreads the attempts best, and so suits a busy server best.
    case full
  }

  /// The wait before the second attempt, without jitter.
  public var first: Duration
  /// The ratio of each further wait to the one before; at least 1.
  public var factor: Double
  /// The longest wait.
  public var maximum: Duration
  /// The random part by which each wait is shortened.
  public var jitter: Jitter

  /// Makes a backoff; by default 100 ms, doubling up to 30 s, with full jitter.
  public init(
    first: Duration = .milliseconds(100), factor: Double = 2, maximum: Duration = .seconds(30), jitter: Jitter = .full
  ) {
    self.first = first
    self.factor = factor
    self.maximum = maximum
    self.jitter = jitter
  }

  /// Equal waits.
  public static func constant(_ duration: Duration, jitter: Jitter = .none) -> Backoff {
    Backoff(first: duration, factor: 1, maximum: duration, jitter: jitter)
  }

  /// No wait.
  public static var none: Backoff { constant(.zero) }

  /// The wait after the attempt with this number, counted from 1, without jitter.
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
  /// Saturates at the nanoseconds that a duration holds.
  fileprivate func scaled(by factor: Double) -> Duration {
    .nanoseconds(Int64(exactly: (Double(clampedNanoseconds) * factor).rounded()) ?? .max)
  }
}
