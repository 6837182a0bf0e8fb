// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {}

@Suite(.virtualTime) struct FutureTests {
  @Test func `everyone who awaits a future gets its result`() async throws {
    let future = Future<Int>()
    let tasks = (0..<3).map { _ in createTask { try await future.value } }
    try await sleep(.milliseconds(1))
    #expect(!future.isDone)
    future.setResult(5)
    #expect(future.isDone)
    for task in tasks { #expect(try await task.value == 5) }
    #expect(try await future.value == 5)
  }

  @Test func `a future is settled once`() async throws {
    let future = Future<Int>()
    #expect(future.trySetException(Failure()))
    #expect(!future.trySetResult(1))
    #expect(!future.cancel())
    await #expect(throws: Failure.self) { try await future.value }
  }

  @Test func `cancelling the task that awaits a future cancels it`() async throws {
    let future = Future<Int>()
    let task = createTask { try await future.value }
    try await sleep(.milliseconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(future.isCancelled)
    #expect(future.cancelReason?.kind == .awaiterCancelled)
  }

  /// If each leaving task searched through all waiters, this would take minutes.
  @Test(.timeLimit(.minutes(1))) func `thirty thousand waiters leave a future and a task at once`() async throws {
    let future = Future<Int>()
    let task = createTask(name: "slow") { try await future.value }
    for wait in [{ try await shield(future) }, { try await shield(task) }] as [@Sendable () async throws -> Int] {
      let waiting = (0..<30_000).map { _ in createTask { try await wait() } }
      try await sleep(.milliseconds(1))
      for task in waiting { task.cancel() }
      var cancelled = 0
      for task in waiting {
        do { _ = try await task.value } catch is CancellationError { cancelled += 1 }
      }
      #expect(cancelled == waiting.count)
    }
    future.setResult(1)
    #expect(try await task.value == 1)
  }

  @Test func `a future may settle on another thread`() async throws {
    let future = Future<Int>()
    try await withEventLoop(backend: .epoll) { future.setResult(9) }
    #expect(try await future.value == 9)
  }

  @Test func `an error that nobody awaits reaches the exception handler`() async throws {
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.add(context.message) }
    do {
      let future = Future<Int>()
      future.setException(Failure())
    }
    #expect(log.entries == ["a future was settled with an error that nobody awaited"])
  }
}

/// Outside of virtual time: a loop that waits idly for another process would be taken for stuck.
@Suite struct FutureMisuseTests {
  @Test func `settling it twice ends the process with a sentence`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let future = Future<Int>()
      future.setResult(1)
      future.setResult(2)
    }
    let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
    #expect(text.contains("Future.setResult: the future is settled with a result already"))
  }
}
