// SPDX-License-Identifier: Apache-2.0

/// Suspends the task for at least the duration; asyncio's `sleep`.
///
/// A duration of zero or less lets every other ready task run once, then returns: the library's own yield, and the
/// cheapest.
///
/// ```swift
/// try await sleep(.milliseconds(250))
/// try await sleep(.zero)
/// ```
///
/// The time is that of the current loop, so under virtual time a sleep takes no real time. Timers have a resolution of
/// nanoseconds; the machine, and the jobs ahead in the loop, decide how late they fire.
///
/// - Throws: `CancellationError` as soon as the task is cancelled, or at once if it already is. The timer is removed
///   then.
@inlinable @inline(__always)
public nonisolated(nonsending) func sleep(_ duration: Duration) async throws {
  guard let task = unsafe EventLoop.beginYield(insteadOf: duration) else { return try await sleepOnLoop(duration) }
  await suspendTask()
  if unsafe EventLoop.wasCancelled(task) { throw CancellationError() }
}

/// Suspends the task for at least the duration, then returns the value; asyncio's `sleep(delay, result)`.
///
/// ```swift
/// let late = createTask { try await sleep(.seconds(1), returning: "late") }
/// ```
public nonisolated(nonsending) func sleep<Value>(_ duration: Duration, returning value: Value) async throws -> Value {
  try await sleep(duration)
  return value
}
