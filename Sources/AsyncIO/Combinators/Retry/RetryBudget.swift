// SPDX-License-Identifier: Apache-2.0
// Retries help against transient errors. Against a server that is down or overloaded they multiply the load by the
// number of attempts, in each layer that retries. A budget bounds that, like Finagle's `RetryBudget` and gRPC's
// throttle (gRFC A6). Every call pays in a share of a token, and every retry takes out a whole one. With a share of 0.1
// retries are at most a tenth of the calls over time. A reserve, full at the beginning, covers short troubles.

import AsyncIOCore
import Synchronization

/// Bounds how many of the calls that share it may be retries: a token bucket.
///
/// ```swift
/// let budget = RetryBudget(share: 0.2)
/// let policy = RetryPolicy(attempts: 3, budget: budget)
/// let pages = try await gatherResults(urls, limit: 100) { url in
///   try await retry(policy) { _ in try await fetch(url) }
/// }
/// ```
///
/// Share one between all calls to a server. It may be used from any thread.
public final class RetryBudget: Sendable {
  private struct Bucket {
    var tokens: Double
    var filledAt: EventLoop.Instant?
  }

  private let share: Double
  private let reserve: Double
  private let perSecond: Double
  private let bucket: Mutex<Bucket>

  /// Makes a full budget.
  ///
  /// - Parameters:
  ///   - share: The retries that each call adds to the budget: 0.2 is one for every five calls.
  ///   - reserve: The most retries in the budget, which it begins with.
  ///   - perSecond: The retries added each second besides, so that infrequent callers may retry too.
  public init(
    share: Double = 0.2, reserve: Int = 10, perSecond: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) {
    require(
      share >= 0 && perSecond >= 0 && reserve >= 0, "RetryBudget: share, reserve and perSecond must be 0 or more",
      file: file,
      line: line)
    self.share = share
    self.reserve = Double(reserve)
    self.perSecond = perSecond
    bucket = Mutex(Bucket(tokens: Double(reserve)))
  }

  /// The number of retries in the budget now.
  public var available: Int {
    let now = EventLoop.current.time
    return bucket.withLock { bucket in
      fill(&bucket, now)
      // 2^63, the Double of a reserve of `.max`, is more than an Int holds.
      return Int(exactly: bucket.tokens.rounded(.down)) ?? .max
    }
  }

  /// Counts a call. `retry` does this for its first attempt.
  public func addCall() {
    let now = EventLoop.current.time
    bucket.withLock { bucket in
      fill(&bucket, now)
      bucket.tokens = min(bucket.tokens + share, reserve)
    }
  }

  /// Takes one retry out. Returns false if less than one is left. `retry` does this before each further attempt.
  public func takeRetry() -> Bool {
    let now = EventLoop.current.time
    return bucket.withLock { bucket in
      fill(&bucket, now)
      // Shares add up to slightly less than 1.
      guard bucket.tokens > 1 - 1e-9 else { return false }
      bucket.tokens = max(0, bucket.tokens - 1)
      return true
    }
  }

  private func fill(_ bucket: inout Bucket, _ now: EventLoop.Instant) {
    guard perSecond > 0 else { return }
    if let last = bucket.filledAt, last < now {
      bucket.tokens = min(bucket.tokens + (last.duration(to: now) / .seconds(1)) * perSecond, reserve)
    }
    bucket.filledAt = now
  }
}
