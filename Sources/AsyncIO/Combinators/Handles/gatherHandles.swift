// SPDX-License-Identifier: Apache-2.0
// `gather` of tasks and futures that already exist. Its rules are asyncio's, and differ from those of `gather` of
// bodies. The tasks belong to the code that started them, so the first error is thrown at once and the others run on.
// But cancelling the awaiting task cancels them, as with a single task.

import AsyncIOCore

/// Awaits tasks and futures, and returns their values; asyncio's `gather`.
///
/// ```swift
/// let user = createTask { try await loadUser() }
/// let orders = createTask { try await loadOrders() }
/// print(try await gather(user, orders))
/// ```
///
/// The first error is thrown at once, and the others run on; their later errors count as seen. `gather` with bodies
/// instead of tasks leaves nothing running.
///
/// **Cancellation** of the caller cancels all of them, then waits for the first that ends by an error, or for all.
///
/// - Throws: The error of the first that fails or is cancelled; `CancellationError` if the caller was cancelled before
///   all had ended.
@discardableResult
public nonisolated(nonsending) func gather<each Handle: AwaitableValue>(
  _ handles: repeat each Handle
) async throws -> (repeat (each Handle).Value) {
  var sources: [any Settling] = []
  repeat sources.append((each handles)._ending.source)
  try await awaitValues(of: sources)
  return (repeat try (each handles).result!.get())
}

/// Like `gather` of several handles, for any number of tasks, or of futures, of one type.
///
/// ```swift
/// let sizes = urls.map { url in createTask { try await fetch(url).body.count } }
/// print(try await gather(sizes).reduce(0, +))
/// ```
///
/// - Returns: The values in the order of the handles, duplicates included; empty for no handles.
/// - Throws: The error of the first that fails or is cancelled; `CancellationError` if the caller was cancelled before
///   all had ended.
@discardableResult
public nonisolated(nonsending) func gather<Handle: AwaitableValue>(
  _ handles: some Sequence<Handle>
) async throws -> [Handle.Value] {
  let handles = Array(handles)
  try await awaitValues(of: handles.map(\._ending.source))
  return try handles.map { try $0.result!.get() }
}

/// Awaits tasks and futures, and returns how each ended; asyncio's `gather` with `return_exceptions=True`.
///
/// ```swift
/// let user = createTask { try await loadUser() }
/// let orders = createTask { try await loadOrders() }
/// let (userResult, ordersResult) = try await gatherResults(user, orders)
/// print(try userResult.get(), (try? ordersResult.get()) ?? [])
/// ```
///
/// **Cancellation** of the caller cancels all of them, and waits for them.
///
/// - Throws: `CancellationError` if the caller was cancelled before all had ended.
public nonisolated(nonsending) func gatherResults<each Handle: AwaitableValue>(
  _ handles: repeat each Handle
) async throws -> (repeat Result<(each Handle).Value, any Error>) {
  var sources: [any Settling] = []
  repeat sources.append((each handles)._ending.source)
  try await awaitAll(sources, until: .allEnded)
  return (repeat (each handles).result!)
}

/// Like `gatherResults` of several handles, for any number of tasks, or of futures, of one type.
///
/// - Throws: `CancellationError` if the caller was cancelled before all had ended.
public nonisolated(nonsending) func gatherResults<Handle: AwaitableValue>(
  _ handles: some Sequence<Handle>
) async throws -> [Result<Handle.Value, any Error>] {
  let handles = Array(handles)
  try await awaitAll(handles.map(\._ending.source), until: .allEnded)
  return handles.map { $0.result! }
}

private nonisolated(nonsending) func awaitValues(of sources: [any Settling]) async throws {
  let withoutValue = try await awaitAll(sources, until: .firstWithoutValue)
  if let error = withoutValue?.endingError { throw error }
}

/// Returns the first source without a value, if that ends the wait.
@discardableResult
private nonisolated(nonsending) func awaitAll(
  _ sources: [any Settling], until condition: SettlementWatchState<LineWait>.Condition
) async throws -> (any Settling)? {
  try await EventLoop.spendBudget()
  if sources.isEmpty { return nil }
  let sources = sources.uniqued { $0 }
  for source in sources {
    try source.refuseToBeAwaitedByItself("gather")
    source.markRetrieved()
  }
  let wait = SettlementWatch(sources, until: condition)
  defer { wait.stop() }
  do {
    try await wait.wait(WaitReason("gather tasks"))
  } catch {
    var hasCancelled = false
    for source in sources where source.cancel(CancelReason(.awaiterCancelled)) { hasCancelled = true }
    await wait.waitUninterrupted(WaitReason("gather cancelled tasks"))
    // asyncio's `gather` is cancelled in this case, however the others have ended.
    if hasCancelled && wait.withoutValue == nil { throw error }
  }
  return wait.withoutValue
}
