// SPDX-License-Identifier: Apache-2.0
// Starts all tasks, then awaits all.

@MainActor func measureGather(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same away from the main actor.
@concurrent func measureGatherConcurrent(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same with a task group, whose children are of no actor.
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

/// The same with a task group whose children are the main actor's.
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

/// The same with tasks that start at once, within the call that makes them.
@MainActor func measureGatherImmediate(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let tasks = (0..<count).map { index in Task.immediate { index } }
  var sum = 0
  for task in tasks { sum += await task.value }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}
