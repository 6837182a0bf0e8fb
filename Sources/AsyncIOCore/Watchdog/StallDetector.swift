// SPDX-License-Identifier: Apache-2.0
// Decides from a loop's heartbeat whether it is stuck, without a clock or a thread of its own: its owner looks at
// intervals.
//
// It measures the time over which looks found one job running. A look that is itself late counts for two intervals at
// most: then the whole process was stopped or starved, and not by that job.

struct StallDetector {
  /// How long a job may take, in nanoseconds.
  let limit: Int64
  /// The time between two looks: short enough that a report comes within a quarter of the limit.
  let interval: Int64

  private var beat: UInt?
  private var lastLook: Int64 = 0
  private var stuck: Int64 = 0
  private var next: Int64

  init(limit: Int64) {
    precondition(limit > 0, "the limit must be more than zero")
    self.limit = limit
    interval = max(1, limit / 4)
    next = limit
  }

  /// Takes a reading of the heartbeat. Returns how long the job has been running if that is to be reported now: once
  /// beyond the limit, and again whenever it has doubled.
  mutating func look(beat: UInt, isBusy: Bool, at now: Int64) -> Int64? {
    defer { lastLook = now }
    guard isBusy, beat == self.beat else {
      self.beat = isBusy ? beat : nil
      stuck = 0
      next = limit
      return nil
    }
    stuck += min(now - lastLook, 2 * interval)
    guard stuck >= next else { return nil }
    while next <= stuck { next = next.multipliedReportingOverflow(by: 2).overflow ? .max : next * 2 }
    return stuck
  }
}
