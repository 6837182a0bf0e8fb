// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Runs the body on an event loop of its own, on a new thread, and returns its result. For a test, the trait
/// `.eventLoop` does this.
///
/// ```swift
/// let backend = try await withEventLoop(backend: .epoll) { EventLoop.current.backendKind }
/// ```
///
/// The body is a task that prefers the loop. So everything it starts without an actor of its own stays there: `Task
/// {}`, `Task.detached`, child tasks, actors, `Task.sleep`. When the body returns, tasks that still wait on the loop
/// are cancelled and may clean up; then the loop ends. The caller's thread is not blocked.
///
/// **Cancellation** of the caller cancels the body, and waits for its end.
///
/// - Parameter backend: nil takes AIO_BACKEND (`io_uring` or `epoll`), or else the best one available. `.virtual` is
///   `withVirtualTime`.
/// - Throws: The body's error; `EventLoopError.backendUnavailable`; `EventLoopError.stopped` if something stopped the
///   loop before the body returned.
public func withEventLoop<Value: Sendable>(
  backend: BackendKind? = nil, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  if backend == .virtual { return try await withVirtualTime(body) }
  return try await LoopRun.run(
    name: "withEventLoop", makeBackend: { try BackendChoice.make(backend) }, body)
}
