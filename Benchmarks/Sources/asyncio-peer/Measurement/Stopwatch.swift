// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures wall time and the process's CPU time from its creation on.
struct Stopwatch {
  private let wallStart = nanoseconds(of: CLOCK_MONOTONIC)
  private let cpuStart = nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID)

  /// The report for this many operations until now.
  func report(operations: Int) -> Report {
    let cpu = Double(nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID) - cpuStart)
    let wall = Double(nanoseconds(of: CLOCK_MONOTONIC) - wallStart)
    return Report([
      ("wall_s", wall / 1e9), ("cpu_s", cpu / 1e9),
      ("ns_per_op", wall / Double(operations)), ("cpu_ns_per_op", cpu / Double(operations)),
    ])
  }
}

func nanoseconds(of clock: clockid_t) -> Int64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
