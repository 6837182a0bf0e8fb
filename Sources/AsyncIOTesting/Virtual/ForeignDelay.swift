// SPDX-License-Identifier: Apache-2.0
// What `Task.sleep` meant. The runtime turns "sleep for a duration" into an instant of the machine's clock and hands
// that to the executor, so what arrives is the duration less the time that passed in between. On a thread with a
// virtual clock that is none, and the delay is exact.
//
// Where that has no effect (the kit in a dynamic library, behind libc in the order of symbols) the delay is taken
// to be the roundest number of nanoseconds that it can have been: the lowest multiple of the largest power of ten
// between what arrived and 100 µs more, or a tenth more if that is less; from 10 ms on it is a whole number of
// milliseconds. A thread that loses its processor just then still comes out early.

struct ForeignDelay {
  private static let millisecond: Int64 = 1_000_000

  /// Whether delays arrive as they were meant.
  let isExact: Bool

  /// On the thread that has the virtual clock.
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
