// SPDX-License-Identifier: Apache-2.0
// Runs all bodies concurrently, and collects their results.

import AsyncIO

@MainActor func measureGather(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let values = try await gather(0..<count) { index in index }
  precondition(values.reduce(0, +) == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Gathers bodies that each suspend once, so that each needs a task of its own.
@MainActor func measureGatherSuspending(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let values = try await gather(0..<count) { index in
    try await sleep(.zero)
    return index
  }
  precondition(values.reduce(0, +) == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Starts plain Swift tasks, then awaits them all.
@MainActor func measureGatherTasks(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Gathers tasks with handles.
@MainActor func measureGatherHandles(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let values = try await gather((0..<count).map { index in createTask { index } })
  precondition(values.reduce(0, +) == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Starts and awaits plain Swift tasks, away from the main actor.
@concurrent func measureGatherConcurrent(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Uses a task group whose children are outside of actors.
@MainActor func measureGatherGroup(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let sum = await withTaskGroup(of: Int.self) { group in
    for index in 0..<count { group.addTask { index } }
    var sum = 0
    for await index in group { sum += index }
    return sum
  }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Uses a task group whose children are on the main actor.
@MainActor func measureGatherGroupOnMainActor(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let sum = await withTaskGroup(of: Int.self) { group in
    for index in 0..<count { group.addTask { @MainActor in index } }
    var sum = 0
    for await index in group { sum += index }
    return sum
  }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Uses plain Swift tasks that start at once, within the call that makes them.
@MainActor func measureGatherImmediate(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task.immediate { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}
