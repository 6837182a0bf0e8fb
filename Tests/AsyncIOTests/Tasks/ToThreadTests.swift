// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Dispatch
import Glibc
import Testing

private struct Failure: Error {}

@Suite struct ToThreadTests {
  enum Value { @TaskLocal static var current = 0 }

  @Test(.eventLoop) func `the loop goes on meanwhile`() async throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let here = pthread_self()
    let other = createTask {
      // Any number of turns while the function is stuck.
      for _ in 0..<100 { try await sleep(.zero) }
      mayEnd.signal()
    }
    let thread = try await toThread {
      mayEnd.wait()
      return pthread_self()
    }
    #expect(pthread_equal(thread, here) == 0)
    #expect(other.isDone)
  }

  @Test(.virtualTime) func `the function has the caller's values`() async throws {
    let seen = try await Value.$current.withValue(7) { try await toThread { Value.current } }
    #expect(seen == 7)
    await #expect(throws: Failure.self) { try await toThread { throw Failure() } }
    #expect(try await toThread { currentTask == nil })
  }

  @Test(.virtualTime) func `a cancelled caller waits for its function`() async throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let started = Future<Void>()
    let caller = createTask(name: "caller") {
      try await toThread {
        started.setResult(())
        mayEnd.wait()
        return Task.isCancelled
      }
    }
    try await started.value
    #expect(caller.waitsFor == "run on a thread")
    caller.cancel()
    while caller.waitsFor != "wait for a cancelled function on a thread" { try await sleep(.zero) }
    mayEnd.signal()
    // A value that has arrived beats the cancellation, and the function has seen it.
    #expect(try await caller.value)
  }

  @Test(.virtualTime) func `a function that asks ends early`() async throws {
    let started = Future<Void>()
    let caller = createTask(name: "caller") {
      try await toThread {
        started.setResult(())
        while true {
          try Task.checkCancellation()
          sched_yield()
        }
      }
    }
    try await started.value
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
  }

  @Test(.virtualTime) func `a caller that abandons its function leaves at once`() async throws {
    let report = Future<String>()
    EventLoop.current.setExceptionHandler { _, context in report.trySetResult("\(context)") }
    let mayEnd = DispatchSemaphore(value: 0)
    let started = Future<Void>()
    let caller = createTask(name: "caller") {
      try await toThread(name: "stuck", cancel: .abandon) {
        started.setResult(())
        mayEnd.wait()
        throw Failure()
      }
    }
    try await started.value
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    #expect(!report.isDone)
    mayEnd.signal()
    #expect(
      try await report.value == "stuck, a function on a thread that its caller had abandoned, failed: Failure()")
  }

  @Test(.virtualTime) func `a caller cancelled in line never starts`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 1, name: "one")
    let mayEnd = DispatchSemaphore(value: 0)
    let started = Future<Void>()
    let first = createTask {
      try await EventLoop.current.runInExecutor(pool) {
        started.setResult(())
        mayEnd.wait()
      }
    }
    try await started.value
    let runs = Log()
    let second = createTask { try await EventLoop.current.runInExecutor(pool) { runs.add("second") } }
    while second.waitsFor == nil { try await sleep(.zero) }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    mayEnd.signal()
    try await first.value
    await pool.shutdown()
    #expect(runs.entries.isEmpty)
  }

  @Test(.virtualTime) func `a cancelled caller starts nothing`() async throws {
    let runs = Log()
    let caller = createTask { try await toThread { runs.add("caller") } }
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    #expect(runs.entries.isEmpty)
  }

  @Test(.virtualTime) func `a limiter bounds its functions also the abandoned`() async throws {
    let limiter = CapacityLimiter(1)
    let mayEnd = DispatchSemaphore(value: 0)
    let started = Future<Void>()
    let first = createTask {
      try await toThread(limiter: limiter, cancel: .abandon) {
        started.setResult(())
        mayEnd.wait()
      }
    }
    try await started.value
    let second = createTask { try await toThread(limiter: limiter) { 2 } }
    while second.waitsFor == nil { try await sleep(.zero) }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(limiter.borrowed == 1)
    #expect(!second.isDone)
    mayEnd.signal()
    #expect(try await second.value == 2)
    #expect(limiter.borrowed == 0)
  }

  @Test(.eventLoop) func `two calls at once get two threads`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 2, name: "two")
    // A thread rests.
    try await pool.submit {}.value
    let (near, far) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let first = pool.submit {
      near.signal()
      far.wait()
    }
    let second = pool.submit {
      far.signal()
      near.wait()
    }
    _ = try await (first.value, second.value)
    await pool.shutdown()
  }

  @Test func `what still runs at the end is named`() async throws {
    let reports = Log()
    let mayEnd = DispatchSemaphore(value: 0)
    try await withEventLoop {
      EventLoop.current.setExceptionHandler { _, context in reports.add("\(context)") }
      let started = Future<Void>()
      let caller = createTask {
        try await toThread(name: "stuck", cancel: .abandon) {
          started.setResult(())
          mayEnd.wait()
        }
      }
      try await started.value
      caller.cancel()
      await #expect(throws: CancellationError.self) { try await caller.value }
    }
    mayEnd.signal()
    #expect(reports.entries.count == 1)
    let report = reports.entries.first ?? ""
    #expect(report.contains("functions still ran on threads at the end of the loop"))
    #expect(report.contains("stuck (thread "))
  }
}
