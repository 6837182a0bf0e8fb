// SPDX-License-Identifier: Apache-2.0
// The memory of a sleeping task.

import AsyncIO

@MainActor func measureIdleTasks(_ count: Int) async throws -> Report {
  let before = residentBytes()
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { _ in Task { try await sleep(.seconds(3600)) } }
  try await sleep(.milliseconds(200))
  let after = residentBytes()
  let report = stopwatch.report(operations: count)
    .adding("bytes_per_task", Double(after - before) / Double(count))
    .adding("base_mb", Double(before) / 1e6).adding("rss_mb", Double(after) / 1e6)
  for task in tasks { task.cancel() }
  return report
}
