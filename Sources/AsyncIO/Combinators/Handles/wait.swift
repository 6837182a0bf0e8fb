// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The condition for `wait` to return.
public enum ReturnWhen: Hashable, Sendable {
  /// All have ended.
  case allCompleted
  /// One has ended, in any way.
  case firstCompleted
  /// One has failed, or all have ended. A cancellation doesn't count as a failure.
  case firstException

  fileprivate var condition: SettlementWatchState<LineWait>.Condition {
    switch self {
    case .allCompleted: .allEnded
    case .firstCompleted: .firstEnded
    case .firstException: .firstFailed
    }
  }
}

/// Waits for tasks or futures, and returns which have ended; asyncio's `wait`.
///
/// ```swift
/// let mirrors = urls.map { url in createTask { try await fetch(url) } }
/// let (done, pending) = try await wait(mirrors, timeout: .seconds(5), returnWhen: .firstCompleted)
/// for task in pending { task.cancel() }
/// if let first = done.first { print(try await first.value) }
/// ```
///
/// It cancels none of them, neither when the time is up nor when one fails. It reads no result: an error that nothing
/// awaits still reaches the exception handler.
///
/// **Cancellation** of the caller ends the wait; the awaitables go on.
///
/// - Parameters:
///   - handles: Tasks or futures. Duplicates count once.
///   - timeout: The longest wait; nil for no limit.
/// - Returns: Those that have ended by now and the others, each in the order in which they were given.
/// - Throws: `CancellationError` if the caller is cancelled; `MisuseError` if there is nothing to wait for.
public nonisolated(nonsending) func wait<Handle: Awaitable>(
  _ handles: some Sequence<Handle>, timeout: Duration? = nil, returnWhen: ReturnWhen = .allCompleted
) async throws -> (done: [Handle], pending: [Handle]) {
  let handles = handles.uniqued { $0 }
  try await wait(for: handles.map(\._ending.source), timeout, returnWhen)
  return divided(handles, \.isDone)
}

/// Like `wait(_:timeout:returnWhen:)`, for tasks and futures side by side.
///
/// ```swift
/// let stopped = Future<Void>()
/// let (done, _) = try await wait([stopped, createTask { try await serve() }], returnWhen: .firstCompleted)
/// print(done.contains { $0 === stopped } ? "was told to stop" : "ended by itself")
/// ```
///
/// - Throws: `CancellationError` if the caller is cancelled; `MisuseError` if there is nothing to wait for.
@_disfavoredOverload
public nonisolated(nonsending) func wait(
  _ handles: [any Awaitable], timeout: Duration? = nil, returnWhen: ReturnWhen = .allCompleted
) async throws -> (done: [any Awaitable], pending: [any Awaitable]) {
  let handles = handles.uniqued { $0 }
  try await wait(for: handles.map(\._ending.source), timeout, returnWhen)
  return divided(handles, \.isDone)
}

private nonisolated(nonsending) func wait(
  for sources: [any Settling], _ timeout: Duration?, _ returnWhen: ReturnWhen
) async throws {
  if sources.isEmpty { throw MisuseError("wait: there is nothing to wait for") }
  try await EventLoop.spendBudget()
  let deadline = try timeout.map { try EventLoop.currentOrStarted().time.advanced(by: $0) }
  let wait = SettlementWatch(sources, until: returnWhen.condition)
  defer { wait.stop() }
  try await wait.wait(WaitReason("wait for tasks"), until: deadline)
}

/// Asks each handle once. It may settle meanwhile, on another thread, and must still be in exactly one of the two
/// lists.
private func divided<Handle>(_ handles: [Handle], _ isDone: (Handle) -> Bool) -> (done: [Handle], pending: [Handle]) {
  var (done, pending): ([Handle], [Handle]) = ([], [])
  for handle in handles {
    if isDone(handle) { done.append(handle) } else { pending.append(handle) }
  }
  return (done, pending)
}
