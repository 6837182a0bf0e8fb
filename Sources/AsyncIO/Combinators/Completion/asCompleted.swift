// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Tasks or futures in the order in which they end; asyncio's `as_completed`.
///
/// ```swift
/// let downloads = urls.map { url in createTask(name: url) { try await fetch(url) } }
/// for try await download in asCompleted(downloads, timeout: .seconds(30)) {
///   do { print(download.name, try await download.value.status) } catch { print(download.name, error) }
/// }
/// ```
///
/// They are watched from this call on, and the iteration gives the very objects that it was given, each once; those
/// that have ended before come first, in their order. An iteration that was left can be taken up again, and several
/// tasks may share one.
///
/// **Cancellation** of whoever iterates ends the iteration by a `CancellationError`; what is waited for goes on, and so
/// do those that are left over after a time-out or a `break`.
///
/// - Parameters:
///   - handles: Tasks or futures. Those that are given twice come once.
///   - timeout: How long all may take, from this call on. After that the iteration gives what has ended, and then
///     throws `TimeoutError`.
public func asCompleted<Handle: Awaitable>(
  _ handles: some Sequence<Handle>, timeout: Duration? = nil
) -> CompletionSequence<Handle> {
  let handles = handles.uniqued { $0 }
  return CompletionSequence(handles, handles.map(\._ending.source), timeout)
}

/// The same for tasks and futures side by side.
@_disfavoredOverload
public func asCompleted(
  _ handles: [any Awaitable], timeout: Duration? = nil
) -> CompletionSequence<any Awaitable> {
  let handles = handles.uniqued { $0 }
  return CompletionSequence(handles, handles.map(\._ending.source), timeout)
}

/// What `asCompleted` returns.
public struct CompletionSequence<Handle: Sendable>: AsyncSequence, Sendable {
  private let completions: Completions
  private let handles: [Handle]

  init(_ handles: [Handle], _ sources: [any Settling], _ timeout: Duration?) {
    self.handles = handles
    completions = Completions(of: sources, timeout)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(completions: completions, handles: handles) }

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
