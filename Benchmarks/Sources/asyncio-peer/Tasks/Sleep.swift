// SPDX-License-Identifier: Apache-2.0
// Many tasks sleep at once, each for 1 to 1,000 ms. Each measures how late it went on, against the clock and from
// before it asked.

import AsyncIO
import Glibc

@MainActor func measureSleep(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in
    Task {
      let milliseconds = sleepMilliseconds(index)
      let start = nanoseconds(of: CLOCK_MONOTONIC)
      try await sleep(.milliseconds(milliseconds))
      return nanoseconds(of: CLOCK_MONOTONIC) - start - milliseconds * 1_000_000
    }
  }
  var lateness: [Int64] = []
  lateness.reserveCapacity(count)
  for task in tasks { lateness.append(try await task.value) }
  return stopwatch.report(operations: count).addingLateness(lateness)
}

/// The same with the standard library's sleep, in tasks of no actor.
@MainActor func measureStandardSleep(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in
    Task { @concurrent in
      let milliseconds = sleepMilliseconds(index)
      let start = nanoseconds(of: CLOCK_MONOTONIC)
      try await Task.sleep(for: .milliseconds(milliseconds))
      return nanoseconds(of: CLOCK_MONOTONIC) - start - milliseconds * 1_000_000
    }
  }
  var lateness: [Int64] = []
  lateness.reserveCapacity(count)
  for task in tasks { lateness.append(try await task.value) }
  return stopwatch.report(operations: count).addingLateness(lateness)
}

/// Spread over a second, and in no order.
private func sleepMilliseconds(_ index: Int) -> Int64 { 1 + Int64(index) * 7919 % 1000 }
