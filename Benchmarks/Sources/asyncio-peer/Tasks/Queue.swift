// SPDX-License-Identifier: Apache-2.0
// Two tasks pass items through a bounded queue that holds one.

import AsyncIO

@MainActor func measureQueue(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let queue = Queue<Int>(maxSize: 1)
  let producer = Task { for index in 0..<count { try await queue.put(index) } }
  let consumer = Task {
    var sum = 0
    for _ in 0..<count { sum += try await queue.get() }
    return sum
  }
  try await producer.value
  let sum = try await consumer.value
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// Passes items between tasks outside of actors.
@MainActor func measureQueueConcurrent(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  let queue = Queue<Int>(maxSize: 1)
  let producer = Task { @concurrent in for index in 0..<count { try await queue.put(index) } }
  let consumer = Task { @concurrent in
    var sum = 0
    for _ in 0..<count { sum += try await queue.get() }
    return sum
  }
  try await producer.value
  let sum = try await consumer.value
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}
