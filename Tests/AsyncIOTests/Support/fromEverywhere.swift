// SPDX-License-Identifier: Apache-2.0

import AsyncIOTesting

/// How many tasks `fromEverywhere` starts.
let everywhere = 14

/// Runs the body concurrently in tasks on three loops, each on a thread of its own. Other tasks run it outside of
/// loops, on the threads of the runtime's pool. Each gets its number.
func fromEverywhere(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
  try await withThrowingTaskGroup { group in
    for loop in 0..<3 {
      group.addTask { try await withEventLoop { try await inTasks(loop * 4..<loop * 4 + 4, body) } }
    }
    group.addTask { try await inTasks(12..<everywhere, body) }
    try await group.waitForAll()
  }
}

private func inTasks(_ numbers: Range<Int>, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
  try await withThrowingTaskGroup { group in
    for number in numbers { group.addTask { try await body(number) } }
    try await group.waitForAll()
  }
}

/// Runs the body in a task that is cancelled at some time, perhaps before it begins, perhaps after it has ended.
/// Returns whether the body completed.
func inCancelledTask(_ body: @escaping @Sendable () async throws -> Void) async -> Bool {
  let task = Task {
    try await body()
  }
  await Task.yield()
  task.cancel()
  do {
    try await task.value
    return true
  } catch { return false }
}
