// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Iterates over tasks or futures in the order in which they end; asyncio's `as_completed`.
///
/// ```swift
/// let downloads = urls.map { url in createTask(name: url) { try await fetch(url) } }
/// for try await download in asCompleted(downloads, timeout: .seconds(30)) {
///   do { print(download.name, try await download.value.status) } catch { print(download.name, error) }
/// }
/// ```
///
/// Watching begins with this call. The iteration returns the very objects that it was given, each once. Those that
/// ended before the call come first, in their order. An iteration that was left can be taken up again, and several
/// tasks may share one.
///
/// **Cancellation** of the iterating task ends the iteration by a `CancellationError`. The awaitables go on, and so do
/// those left over after a time-out or a `break`.
///
/// - Parameters:
///   - handles: Tasks or futures. Duplicates come once.
///   - timeout: The limit for all, from this call on. After that the iteration returns those that have ended, and then
///     throws `TimeoutError`.
public func asCompleted<Handle: Awaitable>(
  _ handles: some Sequence<Handle>, timeout: Duration? = nil
) -> CompletionSequence<Handle> {
  let handles = handles.uniqued { $0 }
  return CompletionSequence(handles, handles.map(\._ending.source), timeout)
}

/// Like `asCompleted(_:timeout:)`, for tasks and futures side by side.
@_disfavoredOverload
public func asCompleted(
  _ handles: [any Awaitable], timeout: Duration? = nil
) -> CompletionSequence<any Awaitable> {
  let handles = handles.uniqued { $0 }
  return CompletionSequence(handles, handles.map(\._ending.source), timeout)
}

/// The sequence that `asCompleted` returns.
public struct CompletionSequence<Handle: Sendable>: AsyncSequence, Sendable {
  private let completions: Completions
  private let handles: [Handle]

  init(_ handles: [Handle], _ sources: [any Settling], _ timeout: Duration?) {
    self.handles = handles
    completions = Completions(of: sources, timeout)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(completions: completions, handles: handles) }

  /// Returns the handles in the order in which they end. Throws `TimeoutError` when the time is up, and
  /// `CancellationError` when the task is cancelled while it waits.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let completions: Completions
    fileprivate let handles: [Handle]

    public nonisolated(nonsending) mutating func next() async throws -> Handle? {
      try await completions.next().map { handles[$0] }
    }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Handle? {
      try await completions.next().map { handles[$0] }
    }
  }
}
