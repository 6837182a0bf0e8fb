// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

/// The backends that are available on this machine.
let backends: [BackendKind] = {
  do {
    _ = try RingBackend()
    return [.ioUring, .epoll]
  } catch {
    print("io_uring is denied here (\(error)): its tests are skipped")
    return [.epoll]
  }
}()

func makeLoop(_ backend: BackendKind, namesTasks: Bool = false) throws -> LoopThread {
  try LoopThread.start(name: "test-loop", namesTasks: namesTasks) { try BackendChoice.make(backend) }
}

extension LoopThread {
  /// Ends the loop. A task that awaited a loop's result continues as a task of that loop, where `stop` would wait for
  /// itself. So another thread calls `stop`.
  func end() async {
    await withCheckedContinuation { continuation in
      startThread(name: "stopper") {
        self.stop()
        continuation.resume()
      }
    }
  }
}

/// Runs the body, which may block, on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    startThread(name: "test-thread") { continuation.resume(with: Swift.Result { try body() }) }
  }
}

/// Calls the body with a new loop on a thread of its own, and ends the loop.
func withLoop<Result>(
  _ backend: BackendKind, namesTasks: Bool = false, _ body: (EventLoop) async throws -> Result
) async throws -> Result {
  let thread = try makeLoop(backend, namesTasks: namesTasks)
  do {
    let result = try await body(thread.loop)
    await thread.end()
    return result
  } catch {
    await thread.end()
    throw error
  }
}

/// Runs the body as a task on a new loop, and ends the loop.
func onLoop<Result: Sendable>(
  _ backend: BackendKind, namesTasks: Bool = false, _ body: @escaping @Sendable (EventLoop) async throws -> Result
) async throws -> Result {
  try await withLoop(backend, namesTasks: namesTasks) { loop in
    try await Task(executorPreference: loop.taskExecutor) { try await body(loop) }.value
  }
}

/// The entries of one loop's callbacks, in order. Used by that loop's thread only.
final class Log<Entry>: @unchecked Sendable {
  // Sendable: made before the first callback adds an entry, and read after the last one has.
  var entries: [Entry] = []
  func note(_ entry: Entry) { entries.append(entry) }
}
