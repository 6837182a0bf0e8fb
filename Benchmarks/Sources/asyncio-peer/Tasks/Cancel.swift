// SPDX-License-Identifier: Apache-2.0
// Many tasks that sleep for an hour are cancelled and awaited. Only the cancelling and awaiting is timed.

import AsyncIO

@MainActor func measureCancel(_ count: Int) async throws -> Report {
  let tasks = (0..<count).map { _ in Task { try await sleep(.seconds(3600)) } }
  try await sleep(.milliseconds(200))
  return await measureCancellation(of: tasks)
}

/// `measureCancel` as soon as all tasks sleep. That is one turn later, however slow the machine is: for counting.
@MainActor func measureCancelSoon(_ count: Int) async throws -> Report {
  let tasks = (0..<count).map { _ in Task { try await sleep(.seconds(3600)) } }
  try await sleep(.zero)
  return await measureCancellation(of: tasks)
}

/// Cancels tasks outside of actors.
@MainActor func measureCancelConcurrent(_ count: Int) async throws -> Report {
  let tasks = (0..<count).map { _ in Task { @concurrent in try await sleep(.seconds(3600)) } }
  try await sleep(.milliseconds(200))
  return await measureCancellation(of: tasks)
}

@MainActor private func measureCancellation(of tasks: [Task<Void, any Error>]) async -> Report {
  let stopwatch = Stopwatch()
  for task in tasks { task.cancel() }
  var cancelled = 0
  for task in tasks {
    if case .failure(let error) = await task.result, error is CancellationError { cancelled += 1 }
  }
  precondition(cancelled == tasks.count)
  return stopwatch.report(operations: tasks.count)
}
