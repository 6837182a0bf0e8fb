// SPDX-License-Identifier: Apache-2.0
// Recovers the delay that `Task.sleep` was called with. The runtime turns "sleep for a duration" into an instant of the
// machine's clock, and hands that to the executor. What arrives is the duration less the time that passed in between.
// On a thread with a virtual clock no time passes, and the delay is exact.
//
// That clock has no effect if the kit is in a dynamic library, behind libc in the order of symbols. Then we take the
// roundest possible number of nanoseconds. That is the lowest multiple of the largest power of ten between what arrived
// and 100 µs more, or a tenth more if that is less. From 10 ms on it is a whole number of milliseconds. A thread that
// is preempted just then still wakes early.

struct ForeignDelay {
  private static let millisecond: Int64 = 1_000_000

  /// Whether delays arrive exactly.
  let isExact: Bool

  /// Must run on the thread that has the virtual clock.
  init() {
    let now = ContinuousClock.now
    isExact = (0..<100).allSatisfy { _ in ContinuousClock.now == now }
  }

  init(isExact: Bool) { self.isExact = isExact }

  func meant(by nanoseconds: Int64) -> Int64 {
    guard !isExact, nanoseconds > 0 else { return nanoseconds }
    let near = Self.roundest(from: nanoseconds, within: min(Self.millisecond / 10, nanoseconds / 10))
    if near % Self.millisecond == 0 || nanoseconds < 10 * Self.millisecond { return near }
    return Self.roundest(from: nanoseconds, within: Self.millisecond - 1)
  }

  private static func roundest(from nanoseconds: Int64, within slack: Int64) -> Int64 {
    var step: Int64 = 1_000_000_000
    while step > 1 {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(step - 1)
      if !overflow && sum / step * step - nanoseconds <= slack { return sum / step * step }
      step /= 10
    }
    return nanoseconds
  }
}
