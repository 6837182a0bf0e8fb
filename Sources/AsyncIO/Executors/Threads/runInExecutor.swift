// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension EventLoop {
  /// Runs a function on a thread of an executor, and waits for its result; asyncio's `run_in_executor`.
  ///
  /// ```swift
  /// let loop = EventLoop.current
  /// let pool = ThreadPoolExecutor(maxWorkers: 2, name: "digests")
  /// let digest = try await loop.runInExecutor(pool) { (0..<10_000_000).reduce(0) { $0 &* 31 &+ $1 } }
  /// let length = try await loop.runInExecutor(nil) { "the pool of toThread".count }
  /// ```
  ///
  /// Unlike asyncio's, the function has the caller's task-local values, as with `toThread`.
  ///
  /// **Cancellation** is that of `toThread`: in line the function never starts; once it has started, the caller waits
  /// for it, or leaves it alone with `cancel: .abandon`.
  ///
  /// - Parameters:
  ///   - executor: The pool; nil for the pool of `toThread`.
  ///   - name: The function's name in reports; the place of this call if nil.
  ///   - cancel: What a cancelled caller does once the function has started.
  /// - Throws: What the function throws; `CancellationError` if the caller is cancelled; `ExecutorError` if the pool is
  ///   shut down or its line is full; `SystemError` if the system starts no thread.
  public nonisolated(nonsending) func runInExecutor<Value: Sendable>(
    _ executor: ThreadPoolExecutor?, name: String? = nil, cancel: ThreadCancellation = .wait,
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    // The pool lives at least as long as the call.
    defer { withExtendedLifetime(executor) {} }
    return try await call(
      body, on: executor?.pool ?? .ofPrograms, name ?? "\(file):\(line)", limiter: nil, cancel: cancel)
  }
}
