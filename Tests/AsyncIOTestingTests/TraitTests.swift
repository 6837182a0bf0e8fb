// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

@Suite(.virtualTime) struct VirtualTimeTraitTests {
  @Test func `is on the loop`() async throws {
    let start = EventLoop.current.time
    try await Task.sleep(for: .seconds(3600))
    #expect(start.duration(to: EventLoop.current.time) == .seconds(3600))
  }

  @Test func `a synchronous test is on the loop too`() throws {
    #expect(try EventLoop.running.backendKind == .virtual)
  }

  @Test(arguments: [1, 2, 3]) func `each case has its own clock`(hours: Int) async throws {
    #expect("\(EventLoop.current.time)" == "0.0 seconds")
    try await sleep(.seconds(3600 * hours))
    #expect(EventLoop.current.time.advanced(by: .seconds(-3600 * hours)).description == "0.0 seconds")
  }

  @Test func `the test is still known to its tasks`() async {
    #expect(Test.current != nil)
    await Task { #expect(Test.current != nil) }.value
  }

  @Suite struct Inside {
    @Test func `the trait is inherited`() throws {
      #expect(try EventLoop.running.backendKind == .virtual)
    }

    @Test(.eventLoop(.epoll)) func `a test's own trait counts`() throws {
      #expect(try EventLoop.running.backendKind == .epoll)
    }
  }
}

struct EventLoopTraitTests {
  @Test(.eventLoop) func `runs on a kernel`() async throws {
    let backend = try EventLoop.running.backendKind
    #expect(backend == .epoll || backend == .ioUring)
    try await Task.sleep(for: .milliseconds(1))
    #expect(await Task.detached { EventLoop.current.backendKind }.value == backend)
  }

  @Test(.virtualTime(seed: 7)) func `takes a seed`() throws {
    #expect(try EventLoop.running.backendKind == .virtual)
  }

  @Test(.eventLoop) @MainActor func `a test of the main actor is on the loop`() async throws {
    MainActor.assertIsolated()
    #expect(try EventLoop.running.backendKind != .virtual)
  }

  /// With more threads than malloc has arenas, threads reuse each other's freed memory. A yield is a job of its own,
  /// which must not be taken for an earlier one at its address.
  @Test func `tasks from outside that yield stay outside`() async throws {
    try await withThrowingTaskGroup { group in
      for _ in 0..<40 {
        group.addTask {
          try await withEventLoop {
            let tasks = (0..<10).map { _ in Task { for _ in 0..<200 { await Task.yield() } } }
            for task in tasks { await task.value }
          }
        }
        group.addTask {
          for _ in 0..<2000 {
            await Task.yield()
            if let loop = try? EventLoop.running { throw YieldedToALoop(backend: loop.backendKind) }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// A task from outside continued on a test's loop.
  private struct YieldedToALoop: Error { let backend: BackendKind }

  @Test func `loops run in parallel`() async throws {
    // Each waits for the other to arrive: run one after another, they would never end.
    let meeting = Meeting()
    async let first: Void = withEventLoop(backend: .epoll) { await meeting.meet() }
    async let second: Void = withVirtualTime { await meeting.meet() }
    _ = try await (first, second)
    #expect(meeting.visitors == 2)
  }
}

/// Where two tasks wait for each other.
private final class Meeting: Sendable {
  private let state = Mutex<(visitors: Int, waiting: [CheckedContinuation<Void, Never>])>((0, []))

  var visitors: Int { state.withLock { $0.visitors } }

  func meet() async {
    await withCheckedContinuation { continuation in
      let released = state.withLock { state in
        state.visitors += 1
        state.waiting.append(continuation)
        guard state.visitors == 2 else { return [CheckedContinuation<Void, Never>]() }
        defer { state.waiting = [] }
        return state.waiting
      }
      for continuation in released { continuation.resume() }
    }
  }
}
