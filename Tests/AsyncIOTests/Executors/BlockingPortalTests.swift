// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import AsyncIOTesting
import Testing

@testable import AsyncIO

private struct Failure: Error, Equatable {}

@Suite struct BlockingPortalTests {
  enum Value { @TaskLocal static var current = 0 }

  @Test(.virtualTime) func `a thread calls and waits`() async throws {
    let start = EventLoop.current.time
    let answer = try await withBlockingPortal { portal in
      try await toThread {
        try portal.call {
          try await sleep(.seconds(60))
          return 42
        }
      }
    }
    #expect(answer == 42)
    #expect(start.duration(to: EventLoop.current.time) == .seconds(60))
  }

  @Test(.virtualTime) func `the code has the values of the thread`() async throws {
    let seen = try await withBlockingPortal { portal in
      try await Value.$current.withValue(3) { try await toThread { try portal.call { Value.current } } }
    }
    #expect(seen == 3)
  }

  @Test(.virtualTime) func `errors come back`() async throws {
    try await withBlockingPortal { portal in
      await #expect(throws: Failure()) { try await toThread { try portal.call { throw Failure() } } }
    }
  }

  @Test(.virtualTime) func `a call on a loop's thread is a mistake`() async throws {
    try await withBlockingPortal { portal in
      let error = #expect(throws: MisuseError.self) { try portal.call { 1 } }
      #expect("\(error!)".hasPrefix("BlockingPortal.call: called on the thread of an event loop"))
    }
  }

  @Test(.virtualTime) func `a portal that has ended refuses`() async throws {
    let portal = try await withBlockingPortal { $0 }
    await #expect(throws: EventLoopError.closed) { try await toThread { try portal.call { 1 } } }
    #expect(throws: EventLoopError.closed) { try portal.startTask { 1 } }
  }

  @Test func `a loop that has ended refuses`() async throws {
    let portal = try await withEventLoop { BlockingPortal(on: EventLoop.current) }
    let latch = ThreadLatch()
    let log = Log()
    startThread(name: "caller") {
      do { try portal.call {} } catch { log.add("\(error)") }
      latch.open()
    }
    latch.wait()
    #expect(log.entries == ["the event loop is closed"])
  }

  @Test(.virtualTime) func `the end waits for the tasks`() async throws {
    let log = Log()
    try await withBlockingPortal { portal in
      try portal.startTask {
        try await sleep(.seconds(1))
        log.add("task")
      }
    }
    log.add("end")
    #expect(log.entries == ["task", "end"])
  }

  @Test(.virtualTime) func `an error cancels the tasks`() async throws {
    let log = Log()
    await #expect(throws: Failure()) {
      try await withBlockingPortal { portal in
        try portal.startTask {
          do { try await sleep(.seconds(1)) } catch { log.add("\(type(of: error))") }
        }
        try await sleep(.milliseconds(1))
        throw Failure()
      }
    }
    #expect(log.entries == ["CancellationError"])
  }

  @Test(.virtualTime) func `a cancelled caller reaches the code behind its thread`() async throws {
    try await withBlockingPortal { portal in
      let started = Event()
      let caller = createTask {
        try await toThread {
          try portal.call {
            started.set()
            try await sleep(.seconds(3600))
          }
        }
      }
      try await started.wait()
      caller.cancel()
      await #expect(throws: CancellationError.self) { try await caller.value }
    }
    #expect(EventLoop.current.time < EventLoop.Instant(nanoseconds: 3_600_000_000_000))
  }
}
