// SPDX-License-Identifier: Apache-2.0
// Many tasks sleep at once, each for 1 to 1,000 ms. Each measures how late it continued, by the clock and from before
// its call.

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

/// Uses the standard library's sleep, in tasks outside of actors.
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

/// Spread over a second, in mixed order.
private func sleepMilliseconds(_ index: Int) -> Int64 { 1 + Int64(index) * 7919 % 1000 }
