// SPDX-License-Identifier: Apache-2.0
// When a peer is taken for stuck. Values that look at counters from time to time, and know no clock.
//
// Sent bytes say little about a peer that doesn't read. The kernel first takes megabytes for it. Then it takes nothing
// for minutes, even if the peer reads slowly: it asks for more only when a third of its buffer is free. What the peer
// has acknowledged is exact but costs a system call, so it is asked for only while the handler waits to write.

import AsyncIOCore

package struct ProgressRule {
  /// Nanoseconds.
  package let time: Int64
  /// Fewer bytes in that time don't count as progress.
  let least: Int

  init?(_ limits: ServerLimits) {
    guard let limit = limits.timeWithoutProgress else { return nil }
    time = max(1, limit.clampedNanoseconds)
    let (bytes, overflow) = (limits.leastRate ?? 0).multipliedReportingOverflow(by: Int(time / 1_000_000))
    least = max(1, overflow ? .max : bytes / 1000)
  }

  /// So many bytes in so many nanoseconds.
  package init(atLeast bytes: Int, in time: Int64) {
    self.time = max(1, time)
    least = max(1, bytes)
  }

  /// How often to look, in nanoseconds.
  package var period: Int64 { max(1_000_000, time / 8) }
}

/// What was seen of one connection.
package struct ProgressMark {
  /// For how long too little has moved; negative before the first look.
  private var quiet: Int64 = -1
  /// Bytes that had come and gone when that began.
  private var moved = 0
  /// Bytes that the peer had acknowledged, when somebody last asked.
  private var acknowledged = 0

  package init() {}

  /// Whether the time is over.
  ///
  /// - Parameters:
  ///   - waits: Whether the handler waits for the peer; if not, its time begins anew.
  ///   - acknowledged: If the handler waits to write.
  ///   - passed: Nanoseconds since the last look. A look is late if the process was stopped, and its loop then hasn't
  ///     taken what had arrived. So the caller counts two periods at most.
  package mutating func isStuck(
    waits: Bool, moved now: Int, acknowledged: Int?, passed: Int64, rule: ProgressRule
  ) -> Bool {
    var progress = now - moved
    // Of a Unix socket the unread output is known, which grows and shrinks.
    if let acknowledged { progress = max(progress, abs(acknowledged - self.acknowledged)) }
    if !waits || quiet < 0 || progress >= rule.least {
      quiet = 0
      moved = now
      if let acknowledged { self.acknowledged = acknowledged }
      return false
    }
    quiet += passed
    return quiet >= rule.time
  }
}
