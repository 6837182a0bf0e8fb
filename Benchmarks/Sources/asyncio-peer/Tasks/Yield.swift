// SPDX-License-Identifier: Apache-2.0
// A switch from one task to the next. `sleep(.zero)` is the library's yield.

import AsyncIO

/// One task yields; nothing else is ready.
@MainActor func measureYieldAlone(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  for _ in 0..<count { try await sleep(.zero) }
  return stopwatch.report(operations: count)
}

/// Two tasks take turns.
@MainActor func measureYield(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<2).map { _ in
    Task { for _ in 0..<count / 2 { try await sleep(.zero) } }
  }
  for task in tasks { try await task.value }
  return stopwatch.report(operations: count)
}

/// Two tasks yield through a function that runs on its caller's isolation.
@MainActor func measureYieldNonisolated(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<2).map { _ in Task { try await yieldRepeatedly(count / 2) } }
  for task in tasks { try await task.value }
  return stopwatch.report(operations: count)
}

nonisolated func yieldRepeatedly(_ count: Int) async throws {
  for _ in 0..<count { try await sleep(.zero) }
}

/// Two tasks outside of actors yield.
@MainActor func measureYieldConcurrent(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<2).map { _ in Task { @concurrent in try await yieldRepeatedly(count / 2) } }
  for task in tasks { try await task.value }
  return stopwatch.report(operations: count)
}

/// Two tasks yield with the standard library's yield.
@MainActor func measureTaskYield(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<2).map { _ in
    Task { for _ in 0..<count / 2 { await Task.yield() } }
  }
  for task in tasks { await task.value }
  return stopwatch.report(operations: count)
}
