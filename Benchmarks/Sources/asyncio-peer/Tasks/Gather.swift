// SPDX-License-Identifier: Apache-2.0
// Runs all bodies side by side, and collects what they return.

import AsyncIO

@MainActor func measureGather(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let values = try await gather(0..<count) { index in index }
  precondition(values.reduce(0, +) == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same where every body suspends once, so that each needs a task of its own.
@MainActor func measureGatherSuspending(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let values = try await gather(0..<count) { index in
    try await sleep(.zero)
    return index
  }
  precondition(values.reduce(0, +) == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same with Swift's own tasks, started all and then awaited.
@MainActor func measureGatherTasks(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same with tasks that have handles.
@MainActor func measureGatherHandles(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let values = try await gather((0..<count).map { index in createTask { index } })
  precondition(values.reduce(0, +) == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Swift's own tasks, away from the main actor.
@concurrent func measureGatherConcurrent(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// A task group, whose children are of no actor.
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

/// A task group whose children are the main actor's.
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

/// Swift's own tasks that start at once, within the call that makes them.
@MainActor func measureGatherImmediate(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task.immediate { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}
