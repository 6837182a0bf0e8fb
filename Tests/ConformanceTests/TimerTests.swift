// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite("Timers") struct TimerTests {
  @Test(arguments: BackendKind.conforming)
  func `sleeps end in the order of their deadlines, and not before them`(backend: BackendKind) async throws {
    let (log, early) = try await withEventLoop(backend: backend) {
      let log = Log()
      let loop = EventLoop.current
      let tasks = [30, 10, 20, 5, 25].map { milliseconds in
        Task {
          let start = loop.time
          try await sleep(.milliseconds(milliseconds))
          log.append("\(milliseconds)")
          return start.duration(to: loop.time) < .milliseconds(milliseconds)
        }
      }
      var early = false
      for task in tasks where try await task.value { early = true }
      return (log.entries, early)
    }
    #expect(log == ["5", "10", "20", "25", "30"])
    #expect(!early)
  }

  @Test(arguments: BackendKind.conforming)
  func `Task.sleep is a timer of the loop`(backend: BackendKind) async throws {
    let timers = try await withEventLoop(backend: backend) {
      let sleeping = Task { try await Task.sleep(for: .seconds(3600)) }
      try await sleep(.zero)
      try await sleep(.zero)
      let timers = EventLoop.current.statistics.timers
      sleeping.cancel()
      _ = await sleeping.result
      return timers
    }
    #expect(timers == 1)
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled sleep throws at once and leaves no timer`(backend: BackendKind) async throws {
    let timers = try await withEventLoop(backend: backend) {
      let sleeping = Task { try await sleep(.seconds(3600)) }
      try await sleep(.zero)
      try await sleep(.zero)
      sleeping.cancel()
      await #expect(throws: CancellationError.self) { try await sleeping.value }
      return EventLoop.current.statistics.timers
    }
    #expect(timers == 0)
  }

  @Test(arguments: BackendKind.conforming)
  func `a sleep in a cancelled task throws at once`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        await #expect(throws: CancellationError.self) { try await sleep(.seconds(3600)) }
        await #expect(throws: CancellationError.self) { try await sleep(.zero) }
      }
      await task.value
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a sleep that is over is not cancelled any more`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      let task = Task { try await sleep(.milliseconds(2)) }
      try await sleep(.zero)
      try await sleep(.zero)
      // The callback and the end of the sleep come in one turn: under virtual time because their times are equal, else
      // because this job outlasts both. The callback then runs before the task does.
      loop.callLater(.milliseconds(backend == .virtual ? 2 : 1)) { task.cancel() }
      let busyUntil = loop.time.advanced(by: .milliseconds(5))
      while backend != .virtual && loop.time < busyUntil {}
      try await task.value
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `callLater and callAt call in the order of their times`(backend: BackendKind) async throws {
    let log = try await withEventLoop(backend: backend) {
      let log = Log()
      let loop = EventLoop.current
      loop.callLater(.milliseconds(20)) { log.append("20") }
      loop.callAt(loop.time.advanced(by: .milliseconds(10))) { log.append("10") }
      loop.callLater(.milliseconds(15)) { log.append("cancelled") }.cancel()
      loop.callLater(.milliseconds(1)) { log.append("1") }
      try await sleep(.milliseconds(30))
      return log.entries
    }
    #expect(log == ["1", "10", "20"])
  }

  @Test(arguments: BackendKind.conforming)
  func `a thousand sleeps of one length end in one go`(backend: BackendKind) async throws {
    let count = try await withEventLoop(backend: backend) {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<1000 {
          group.addTask {
            try await sleep(.milliseconds(5))
            return 1
          }
        }
        return try await group.reduce(0, +)
      }
    }
    #expect(count == 1000)
  }
}
