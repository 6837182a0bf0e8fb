// SPDX-License-Identifier: Apache-2.0
// Retries help against errors that come and go. Against a server that is down, or has too much to do, they are the same
// load over again, by as much as there are attempts, in each layer that retries. A budget bounds that, as Finagle's
// `RetryBudget` and gRPC's throttle (gRFC A6) do: every call pays a share of a token in, and every retry takes a whole
// one. So with a share of 0.1 retries are never more than a tenth of the calls, over a while, and until something fails
// there is a reserve for short troubles.

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
/// Give one to all that call the same server. It may be used from any thread.
public final class RetryBudget: Sendable {
  private struct Bucket {
    var tokens: Double
    var filledAt: EventLoop.Instant?
  }

  private let share: Double
  private let reserve: Double
  private let perSecond: Double
  private let bucket: Mutex<Bucket>

  /// - Parameters:
  ///   - share: How many retries each call adds to the budget: 0.2 is one for every five calls.
  ///   - reserve: How many retries there are at most, and at the beginning.
  ///   - perSecond: How many are added each second besides, so that somebody who calls seldom may retry too.
  public init(
    share: Double = 0.2, reserve: Int = 10, perSecond: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) {
    require(
      share >= 0 && perSecond >= 0 && reserve >= 0, "RetryBudget: a share, a reserve or a rate is negative", file: file,
      line: line)
    self.share = share
    self.reserve = Double(reserve)
    self.perSecond = perSecond
    bucket = Mutex(Bucket(tokens: Double(reserve)))
  }

  /// How many retries there are now.
  public var available: Int {
    let now = EventLoop.current.time
    return bucket.withLock { bucket in
      fill(&bucket, now)
      // 2^63, which a reserve of `.max` is as a Double, is more than an Int holds.
      return Int(exactly: bucket.tokens.rounded(.down)) ?? .max
    }
  }

  /// A call begins. `retry` does this for its first attempt.
  public func addCall() {
    let now = EventLoop.current.time
    bucket.withLock { bucket in
      fill(&bucket, now)
      bucket.tokens = min(bucket.tokens + share, reserve)
    }
  }

  /// Takes one retry out; false if there is none. `retry` does this before each further attempt.
  public func takeRetry() -> Bool {
    let now = EventLoop.current.time
    return bucket.withLock { bucket in
      fill(&bucket, now)
      // Shares add up to a little less than 1.
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
