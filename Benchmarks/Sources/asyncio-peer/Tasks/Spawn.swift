// SPDX-License-Identifier: Apache-2.0
// Starts a task and awaits it, one after the other.

import AsyncIO

@MainActor func measureSpawn(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += await Task { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same with tasks that have handles.
@MainActor func measureSpawnHandle(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += try await createTask { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same away from the main actor: parent and child are of no actor.
@concurrent func measureSpawnConcurrent(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += await Task { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same with tasks that start at once, within the call that makes them.
@MainActor func measureSpawnImmediate(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += await Task.immediate { index }.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// What the tasks of a case return in all.
func sumOfIndices(_ count: Int) -> Int { count * (count - 1) / 2 }
