// SPDX-License-Identifier: Apache-2.0
// What `Task.sleep` meant. The runtime turns "sleep for a duration" into an instant of the machine's clock and hands
// that to the executor, so what arrives is the duration less the time that passed in between: microseconds, or
// milliseconds if the thread lost its processor just then. Virtual time must not depend on that, or two sleeps of the
// same length end at different times and their order is chance.
//
// So the delay is taken to be the roundest number of nanoseconds that it can have been: the lowest multiple of the
// largest power of ten between what arrived and that plus the time that can have passed. That is at most 100 µs of
// running (and a tenth of the delay), and as long as the thread was not running since it was last seen here: the time
// that went by less the processor time that it used.

import CLinux
import Glibc

struct ForeignDelay {
  private static let running: Int64 = 100_000
  private static let longest: Int64 = 20_000_000

  /// When this thread was last seen, on the machine's clock and on its own.
  private var wall: Int64 = 0
  private var processor: Int64 = 0

  init() { mark() }

  /// The thread is here now: no delay that arrives later was computed before this.
  mutating func mark() {
    wall = asyncio_monotonic_nanoseconds()
    processor = Self.threadTime()
  }

  mutating func rounded(_ nanoseconds: Int64) -> Int64 {
    let (lastWall, lastProcessor) = (wall, processor)
    mark()
    let away = max(0, (wall - lastWall) - (processor - lastProcessor))
    return Self.roundest(from: nanoseconds, within: Self.slack(of: nanoseconds, away: away))
  }

  static func slack(of nanoseconds: Int64, away: Int64) -> Int64 {
    min(running, max(0, nanoseconds / 10)) + min(away, longest)
  }

  static func roundest(from nanoseconds: Int64, within slack: Int64) -> Int64 {
    guard nanoseconds > 0 else { return nanoseconds }
    var step: Int64 = 1_000_000_000
    while step > 1 {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(step - 1)
      let candidate = overflow ? nanoseconds : sum / step * step
      if !overflow && candidate - nanoseconds <= slack { return candidate }
      step /= 10
    }
    return nanoseconds
  }

  private static func threadTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
