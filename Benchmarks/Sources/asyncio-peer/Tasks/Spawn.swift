// SPDX-License-Identifier: Apache-2.0
// Starts and awaits tasks, one after another.

import AsyncIO

@MainActor func measureSpawn(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += await Task { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Starts and awaits tasks with handles.
@MainActor func measureSpawnHandle(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += try await createTask { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Starts and awaits tasks away from the main actor: parent and child are outside of actors.
@concurrent func measureSpawnConcurrent(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += await Task { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Starts and awaits tasks that start at once, within the call that makes them.
@MainActor func measureSpawnImmediate(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += await Task.immediate { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The sum of the results of a case's tasks.
func sumOfIndices(_ count: Int) -> Int { count * (count - 1) / 2 }
