// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

private struct Failure: Error, Equatable {}

@Suite(.virtualTime) struct TimeoutTests {
  @Test func `a body in time returns its value`() async throws {
    let value = try await withTimeout(.seconds(1)) {
      try await sleep(.milliseconds(999))
      return 5
    }
    #expect(value == 5)
    #expect(EventLoop.current.statistics.timers == 0)
    #expect(try await withTimeout(.zero) { 6 } == 6)
  }

  @Test func `a body out of time is cancelled and waited for`() async throws {
    let log = Log()
    let start = EventLoop.current.time
    let error = await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) {
        do { try await sleep(.seconds(3600)) } catch {
          log.add(currentCancelReason!.kind == .deadline)
          try await shield { try await sleep(.seconds(5)) }
          throw error
        }
      }
    }
    #expect(error?.description == "withTimeout: out of time after 1.0 seconds")
    #expect(start.duration(to: EventLoop.current.time) == .seconds(6))
    #expect(log.entries == ["true"])
    #expect(!Task.isCancelled)
  }

  @Test func `it cancels the standard library's sleep and other tasks that are awaited`() async throws {
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) { try await Task.sleep(for: .seconds(3600)) }
    }
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) {
        async let child: Void = sleep(.seconds(3600))
        try await child
      }
    }
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 2))
  }

  @Test func `a result that the body returns nonetheless is returned`() async throws {
    let value = try await withTimeout(.seconds(1)) { () -> String in
      try? await sleep(.seconds(3600))
      return "late"
    }
    #expect(value == "late")
  }

  @Test func `an error of the body's own is thrown nonetheless`() async throws {
    await #expect(throws: Failure.self) {
      try await withTimeout(.seconds(1)) {
        try? await sleep(.seconds(3600))
        throw Failure()
      }
    }
  }

  @Test func `a limit of zero cancels a body that waits`() async throws {
    for limit in [Duration.zero, .seconds(-5)] {
      let log = Log()
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(limit) {
          log.add("started")
          try await sleep(.seconds(1))
        }
      }
      #expect(log.entries == ["started"])
    }
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 0))
  }

  @Test func `the inner limit is not the outer one's`() async throws {
    let log = Log()
    try await withTimeout(.seconds(5)) { outer in
      do {
        try await withTimeout(.seconds(1)) { inner in
          log.add(currentDeadline == inner.deadline)
          try await sleep(.seconds(3600))
        }
      } catch let error as TimeoutError {
        log.add(error.isFrom(outer))
      }
      #expect(!outer.hasExpired)
    }
    #expect(log.entries == ["true", "false"])
  }

  @Test func `the outer limit passes through the inner one`() async throws {
    let log = Log()
    let error = await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) {
        do {
          try await withTimeout(.seconds(5)) { inner in
            log.add(currentDeadline! < inner.deadline!)
            try await sleep(.seconds(3600))
          }
        } catch {
          log.add(error is CancellationError)
          throw error
        }
      }
    }
    #expect(error?.description == "withTimeout: out of time after 1.0 seconds")
    #expect(log.entries == ["true", "true"])
  }

  @Test func `limits that run out together are the outer one's`() async throws {
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) { outer in
        do {
          try await withTimeout(at: outer.deadline) { try await sleep(.seconds(3600)) }
        } catch let error as TimeoutError {
          #expect(error.isFrom(outer) == false)
          try await sleep(.seconds(1))
        }
      }
    }
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 1))
  }

  @Test func `a cancellation from outside is not a timeout`() async throws {
    let task = createTask {
      try await withTimeout(.seconds(5)) { try await sleep(.seconds(3600)) }
    }
    try await sleep(.seconds(1))
    task.cancel("outside")
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a cancellation from outside during the clean-up is not a timeout either`() async throws {
    let task = createTask {
      try await withTimeout(.seconds(1)) {
        do { try await sleep(.seconds(3600)) } catch {
          try await shield { try await sleep(.seconds(2)) }
          throw error
        }
      }
    }
    try await sleep(.seconds(2))
    task.cancel("outside")
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(task.isCancelled)
  }

  @Test func `a limit can be moved and taken away`() async throws {
    let start = EventLoop.current.time
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) { scope in
        for _ in 0..<3 {
          scope.reschedule(after: .seconds(2))
          try await sleep(.milliseconds(1900))
        }
        try await sleep(.seconds(3600))
      }
    }
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(2 * 1900 + 1900 + 100))
    try await withTimeout(.seconds(1)) { scope in
      scope.reschedule(at: nil)
      #expect(scope.deadline == nil)
      try await sleep(.seconds(3600))
    }
    try await withTimeout(at: nil) { try await sleep(.seconds(3600)) }
    #expect(EventLoop.current.statistics.timers == 0)
  }

  @Test func `a limit that has run out cannot be moved`() async throws {
    let error = await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) { scope in
        do { try await sleep(.seconds(3600)) } catch {
          scope.reschedule(after: .seconds(10))
          #expect(scope.deadline == EventLoop.Instant(secondsInTest: 1))
          throw error
        }
      }
    }
    #expect(error?.description == "withTimeout: out of time after 1.0 seconds")
  }

  @Test func `a body may hold what is not sendable`() async throws {
    final class Counter { var count = 0 }
    let counter = Counter()
    var local = 0
    try await withTimeout(.seconds(1)) {
      counter.count += 1
      local += 1
      try await sleep(.milliseconds(1))
      counter.count += 1
      local += 1
    }
    #expect(counter.count == 2 && local == 2)
    _ = try await withTimeout(.seconds(1)) { counter }
  }

  @Test func `a scope is part of the task around it`() async throws {
    let task = createTask(name: "owner") { () -> [String?] in
      try await withTimeout(.seconds(5)) {
        let outside = currentTask?.name
        let shielded = try await shield { currentTask?.name }
        try await sleep(.seconds(1))
        return [outside, shielded]
      }
    }
    try await sleep(.milliseconds(500))
    #expect(task.waitsFor == "sleep")
    #expect(try await task.value == ["owner", "owner"])
  }
}

extension EventLoop.Instant {
  init(secondsInTest seconds: Int) { self.init(nanoseconds: Int64(seconds) * 1_000_000_000) }
}
