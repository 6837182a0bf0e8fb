// SPDX-License-Identifier: Apache-2.0
// Two things are called a shield. In asyncio it keeps a task going after its awaiter stops waiting. In trio it lets
// clean-up code wait although its task is cancelled. Python users who meant the second and got the first have lost the
// shielded work and its errors. So the form that takes a body is trio's, and waits. The form that takes a task, which
// has a holder, is asyncio's.

import AsyncIOCore

/// Runs the body to its end, and waits for it, even if the caller is cancelled before or meanwhile; trio's
/// `CancelScope(shield=True)`.
///
/// ```swift
/// do {
///   try await serve(connection)
/// } catch {
///   try await shield(atMost: .seconds(2)) { try await connection.sendGoodbye() }
///   throw error
/// }
/// ```
///
/// The body starts at once, in the caller's isolation, without the time limits around it. Afterwards the caller is as
/// cancelled as before. A loop that ends waits for the body, up to ten seconds.
///
/// - Parameter duration: The time after which the body is cancelled nonetheless; nil for never: then a body that
///   doesn't end keeps the caller for ever.
/// - Throws: What the body throws; `TimeoutError` if its time ran out and it ended by its cancellation.
@inlinable
public nonisolated(nonsending) func shield<Value>(
  atMost duration: Duration? = nil,
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Value {
  let scope = try CancelScope(after: duration, shielded: true)
  var outcome: Result<Value, any Error>?
  await scope.run(shielded: true) {
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
  }
  switch outcome! {
  case .success(let value): return value
  case .failure(let error):
    throw error is CancellationError && scope.hasExpired ? scope.timeoutError("shield") : error
  }
}

/// Awaits a task without cancelling it when the caller is cancelled; asyncio's `shield`.
///
/// ```swift
/// let upload = createTask { try await send(file) }
/// try await withTimeout(.seconds(5)) { try await shield(upload) }  // after 5 s the upload goes on
/// ```
///
/// **Cancellation** of the caller ends the wait; the task goes on. If it fails later and nothing awaits it, its error
/// goes to the exception handler.
///
/// - Throws: What the task threw; `CancellationError` if the caller or the task was cancelled.
public nonisolated(nonsending) func shield<Value>(_ task: TaskHandle<Value>) async throws -> Value {
  if task.isDone { try await EventLoop.spendBudget() } else { try task.refuseToAwaitItself() }
  try await task.settlement.wait(WaitReason("await", on: task))
  return try task.settled()
}

/// Awaits a future without cancelling it when the caller is cancelled; asyncio's `shield`.
///
/// - Throws: The error that the future was settled with; `CancellationError` if the caller or the future was cancelled.
public nonisolated(nonsending) func shield<Value>(_ future: Future<Value>) async throws -> Value {
  if !future.isDone { try await future.waitWithoutCancelling() }
  return try await future.value
}
