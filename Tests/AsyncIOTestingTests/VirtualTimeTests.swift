// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import Synchronization
import Testing

/// Events in their order, from tasks of any kind.
final class Log<Entry: Sendable>: Sendable {
  private let list = Mutex<[Entry]>([])
  func append(_ entry: Entry) { list.withLock { $0.append(entry) } }
  var entries: [Entry] { list.withLock { $0 } }
}

struct VirtualTimeTests {
  @Test(arguments: [false, true])
  func `an hour of sleeps of a hundred tasks ends in the order of their deadlines`(
    ofTheStandardLibrary: Bool
  ) async throws {
    // Deadlines that all differ: a task's naps are 60 ms apart, and the tasks' naps 1 ms.
    let log = Log<(task: Int, time: Duration)>()
    let end = try await withVirtualTime {
      let start = EventLoop.current.time
      await withTaskGroup(of: Void.self) { group in
        for task in 0..<100 {
          group.addTask {
            for nap in 1...36 {
              let length = Duration.milliseconds(nap == 1 ? 100_000 + task : 100_000)
              if ofTheStandardLibrary { try? await Task.sleep(for: length) } else { try? await sleep(length) }
              log.append((task, start.duration(to: EventLoop.current.time)))
            }
          }
        }
      }
      return start.duration(to: EventLoop.current.time)
    }
    let expected = (1...36).flatMap { nap in
      (0..<100).map { (task: $0, time: Duration.milliseconds(nap * 100_000 + $0)) }
    }
    #expect(end == .milliseconds(3_600_099))
    #expect(log.entries.count == expected.count)
    let firstWrong = zip(log.entries, expected).first { $0 != $1 }
    #expect(firstWrong == nil)
  }

  @Test func `the clock starts at zero and stands still while jobs run`() async throws {
    let times = try await withVirtualTime {
      let first = EventLoop.current.time
      for _ in 0..<100 { await Task.yield() }
      return (first, EventLoop.current.time)
    }
    #expect("\(times.0)" == "0.0 seconds")
    #expect(times.0 == times.1)
  }

  @Test func `a task that spins does not keep the clock for ever`() async throws {
    let done = Log<Bool>()
    try await withVirtualTime {
      async let timer: Void = {
        try await Task.sleep(for: .seconds(3600))
        done.append(true)
      }()
      while done.entries.isEmpty { await Task.yield() }
      try await timer
    }
    #expect(done.entries == [true])
  }

  @Test func `a detached task's sleep takes no real time`() async throws {
    // Read on the loop's thread by time(2), which stays real there: waiting for a turn among other tests is left out.
    let (virtual, real) = try await withVirtualTime {
      let (start, realStart) = (EventLoop.current.time, Glibc.time(nil))
      try await Task.detached { try await Task.sleep(for: .seconds(3600)) }.value
      return (start.duration(to: EventLoop.current.time), Glibc.time(nil) - realStart)
    }
    #expect(virtual == .seconds(3600))
    #expect(real < 60)
  }

  @Test func `tasks without a preference and actors stay on the loop`() async throws {
    actor Sleeper {
      func nap() async throws -> BackendKind {
        try await Task.sleep(for: .seconds(60))
        return EventLoop.current.backendKind
      }
    }
    let backends = try await withVirtualTime {
      async let child = EventLoop.current.backendKind
      return try await [
        Task { EventLoop.current.backendKind }.value, Task.detached { EventLoop.current.backendKind }.value, child,
        Sleeper().nap(),
      ]
    }
    #expect(backends == [.virtual, .virtual, .virtual, .virtual])
  }

  // MARK: - The order of ready jobs

  private func interleaving(seed: UInt64) async throws -> [String] {
    let log = Log<String>()
    try await withVirtualTime(seed: seed) {
      await withTaskGroup(of: Void.self) { group in
        for task in 0..<5 {
          group.addTask {
            for step in 0..<6 {
              log.append("\(task).\(step)")
              if step % 2 == 0 { await Task.yield() } else { try? await sleep(.seconds(1)) }
            }
          }
        }
      }
    }
    return log.entries
  }

  @Test(arguments: [0, 1, 4711, UInt64.max])
  func `the same seed gives the same order`(seed: UInt64) async throws {
    let first = try await interleaving(seed: seed)
    #expect(first.count == 30)
    #expect(try await interleaving(seed: seed) == first)
  }

  @Test func `different seeds give different orders`() async throws {
    var orders: Set<[String]> = []
    for seed in 1...10 { orders.insert(try await interleaving(seed: UInt64(seed))) }
    #expect(orders.count > 1)
  }

  // MARK: - What is outside of the loop

  @Test func `the clock stands still for a blocking call`() async throws {
    let log = Log<String>()
    try await withVirtualTime {
      let loop = EventLoop.current
      async let nap: Void = {
        try await sleep(.milliseconds(1))
        log.append("timer")
      }()
      let gate = ThreadLatch()
      async let call: Void = {
        try await loop.runBlocking(WaitReason("call")) { gate.wait() }
        log.append("call at \(loop.time)")
      }()
      // Opened by a thread that has no connection to the loop.
      startThread(name: "opener") { gate.open() }
      _ = try await (nap, call)
    }
    #expect(log.entries == ["call at 0.0 seconds", "timer"])
  }

  @Test func `work from another thread arrives`() async throws {
    let value = try await withVirtualTime {
      await withCheckedContinuation { continuation in
        startThread(name: "stranger") { continuation.resume(returning: 42) }
      }
    }
    #expect(value == 42)
  }

  // MARK: - Ends

  @Test func `the body's error comes out`() async {
    struct Failure: Error, Equatable {}
    await #expect(throws: Failure()) { try await withVirtualTime(seed: 1) { throw Failure() } }
  }

  @Test func `cancelling the caller cancels the body`() async throws {
    let started = AsyncStream<Void>.makeStream()
    let task = Task {
      try await withEventLoop {
        started.continuation.yield()
        try await sleep(.seconds(86_400))
      }
    }
    for await _ in started.stream { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `what is left behind is cancelled`() async throws {
    let log = Log<String>()
    try await withVirtualTime {
      Task {
        do { try await sleep(.seconds(1)) } catch { log.append("\(type(of: error))") }
      }
      await Task.yield()
      await Task.yield()
      try await sleep(.milliseconds(1))
    }
    #expect(log.entries == ["CancellationError"])
  }

  @Test func `runs nest and the outer one waits`() async throws {
    let times = try await withVirtualTime {
      try await sleep(.seconds(1))
      let inner = try await withVirtualTime {
        try await sleep(.seconds(5))
        return EventLoop.current.time
      }
      return (inner, EventLoop.current.time)
    }
    #expect("\(times.0)" == "5.0 seconds")
    #expect("\(times.1)" == "1.0 seconds")
  }
}
