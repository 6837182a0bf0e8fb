// SPDX-License-Identifier: Apache-2.0
// The cost of operations that need not wait: a free lock, a free permit, a time limit around a call that returns at
// once.

import AsyncIO

@MainActor func measureLock(_ count: Int) async throws -> Report {
  let lock = Lock()
  let stopwatch = Stopwatch()
  for _ in 0..<count {
    try await lock.acquire()
    lock.release()
  }
  return stopwatch.report(operations: count)
}

@MainActor func measureSemaphore(_ count: Int) async throws -> Report {
  let semaphore = Semaphore(2)
  let stopwatch = Stopwatch()
  for _ in 0..<count {
    try await semaphore.acquire()
    semaphore.release()
  }
  return stopwatch.report(operations: count)
}

@MainActor func measureTimeout(_ count: Int) async throws -> Report {
  let stopwatch = Stopwatch()
  var sum = 0
  for index in 0..<count { sum += try await withTimeout(.seconds(10)) { index } }
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}
