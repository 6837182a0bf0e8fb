// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import AsyncIOCore

extension EventLoop {
  /// Runs the body as a callback of this loop. The body may store `finish` and call it in a later callback.
  func callbacks<Result: Sendable>(
    _ body: @escaping @Sendable (EventLoop, _ finish: @escaping @Sendable (Result) -> Void) -> Void
  ) async -> Result {
    await withCheckedContinuation { continuation in
      postFromAnywhere { loop in body(loop) { continuation.resume(returning: $0) } }
    }
  }
}

@Suite struct CallbackTests {
  @Test(arguments: backends) func `callSoon calls in the order of the calls`(backend: BackendKind) async throws {
    try await withLoop(backend) { loop in
      let order: [Int] = await loop.callbacks { loop, finish in
        let log = Log<Int>()
        for index in 0..<1000 { loop.callSoon { log.note(index) } }
        loop.callSoon { finish(log.entries) }
      }
      #expect(order == Array(0..<1000))
    }
  }

  @Test(arguments: backends) func `what a turn makes ready waits for the next turn`(backend: BackendKind) async throws {
    try await withLoop(backend) { loop in
      let order: [String] = await loop.callbacks { loop, finish in
        let log = Log<String>()
        let turn = loop.statistics.turns
        func note(_ name: String) { log.note("\(name) in turn \(loop.statistics.turns - turn)") }
        for name in ["a", "b"] {
          loop.callSoon {
            note(name)
            loop.callSoon { note(name + name) }
          }
        }
        loop.callSoon { note("c") }
        loop.callSoon { loop.callSoon { finish(log.entries) } }
      }
      #expect(order == ["a in turn 1", "b in turn 1", "c in turn 1", "aa in turn 2", "bb in turn 2"])
    }
  }

  @Test(arguments: backends) func `timers call in the order of their times, and of the calls where those are equal`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      let order: [Int] = await loop.callbacks { loop, finish in
        let log = Log<Int>()
        let start = loop.time
        for (index, delay) in [3, 1, 2, 1, 3, 2].enumerated() {
          loop.callAt(start.advanced(by: .microseconds(delay))) { log.note(index) }
        }
        loop.callLater(.milliseconds(1)) { finish(log.entries) }
      }
      #expect(order == [1, 3, 2, 5, 0, 4])
    }
  }

  @Test(arguments: backends) func `a timer never calls before its time`(backend: BackendKind) async throws {
    try await withLoop(backend) { loop in
      for microseconds in [1, 10, 100, 1000, 3000] {
        let late: Bool = await loop.callbacks { loop, finish in
          let when = loop.time.advanced(by: .microseconds(microseconds))
          loop.callAt(when) { finish(loop.time >= when) }
        }
        #expect(late)
      }
    }
  }

  @Test(arguments: backends) func `a cancelled callback or timer is not called`(backend: BackendKind) async throws {
    try await withLoop(backend) { loop in
      let (called, timers): ([String], Int) = await loop.callbacks { loop, finish in
        let log = Log<String>()
        let soon = loop.callSoon { log.note("soon") }
        let before = loop.statistics.timers
        let later = loop.callLater(.microseconds(1)) { log.note("later") }
        soon.cancel()
        later.cancel()
        let after = loop.statistics.timers
        loop.callLater(.microseconds(2)) { finish((log.entries, after - before)) }
      }
      #expect(called == [])
      #expect(timers == 0)
    }
  }

  @Test(arguments: backends) func `another thread wakes a sleeping loop`(backend: BackendKind) async throws {
    try await withLoop(backend) { loop in
      try await onThread {
        for _ in 0..<200 {
          while loop.heartbeat.reading.isBusy { sched_yield() }
          let called = ThreadLatch()
          try loop.callSoonThreadsafe {
            #expect(loop.isCurrent)
            called.open()
          }
          called.wait()
        }
      }
    }
  }

  @Test(arguments: backends) func `no wake-up is lost between four threads and the loop`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      // Each thread waits for its last callback before the next one, so the loop sleeps and wakes all the time.
      let each = 3000
      let threads = (0..<4).map { _ in
        Task {
          try await onThread {
            for _ in 0..<each {
              let called = ThreadLatch()
              try loop.callSoonThreadsafe { called.open() }
              called.wait()
            }
          }
        }
      }
      for thread in threads { try await thread.value }
      let jobs: Int = await loop.callbacks { loop, finish in finish(loop.statistics.jobs) }
      #expect(jobs >= threads.count * each)
    }
  }

  @Test(arguments: backends) func `a closed loop takes no callback`(backend: BackendKind) async throws {
    let thread = try makeLoop(backend)
    await thread.end()
    #expect(throws: EventLoopError.closed) { try thread.loop.callSoonThreadsafe {} }
    thread.loop.stop()
  }

  @Test(arguments: backends) func `while a loop is closed a callback is called, cancelled, or refused`(
    backend: BackendKind
  ) async throws {
    for _ in 0..<100 {
      let thread = try makeLoop(backend)
      let loop = thread.loop
      let started = ThreadLatch()
      let ended = ThreadLatch()
      let calls = Calls()
      startThread(name: "caller") {
        do {
          // One at a time: each call has ended before the next, unless it was refused.
          while true {
            let handle = try loop.callSoonThreadsafe { calls.called.add(1, ordering: .relaxed) }
            calls.accepted.add(1, ordering: .relaxed)
            started.open()
            while handle.isWaiting { sched_yield() }
            if handle.isCancelled { calls.cancelled.add(1, ordering: .relaxed) }
          }
        } catch {
          ended.open()
        }
      }
      started.wait()
      await thread.end()
      ended.wait()
      let over = calls.called.load(ordering: .relaxed) + calls.cancelled.load(ordering: .relaxed)
      #expect(over == calls.accepted.load(ordering: .relaxed))
      #expect(calls.cancelled.load(ordering: .relaxed) <= 1)
    }
  }

  @Test(arguments: backends) func `stop ends the loop after its turn, from its own thread as well`(
    backend: BackendKind
  ) async throws {
    let thread = try makeLoop(backend)
    let order: [String] = await thread.loop.callbacks { loop, finish in
      let log = Log<String>()
      loop.callSoon {
        log.note("before")
        loop.stop()
      }
      loop.callSoon {
        log.note("after")
        finish(log.entries)
      }
    }
    #expect(order == ["before", "after"])
    await thread.end()
    #expect(thread.loop.isClosed)
  }

  @Test(arguments: backends) func `the statistics count turns, jobs, timers and what is ready`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      let (before, during, after): (EventLoop.Statistics, EventLoop.Statistics, EventLoop.Statistics) =
        await loop.callbacks { loop, finish in
          let before = loop.statistics
          loop.callLater(.seconds(60)) {}
          for _ in 0..<9 { loop.callSoon {} }
          let during = loop.statistics
          loop.callSoon { loop.callSoon { finish((before, during, loop.statistics)) } }
        }
      #expect(during.ready == before.ready + 9)
      #expect(during.timers == before.timers + 1)
      #expect(after.turns == before.turns + 2)
      #expect(after.jobs == before.jobs + 11)
      #expect(after.deepestTurn >= 10)
      #expect(after.operationsInFlight == 0)
      #expect("\(after)".contains("1 timers"))
    }
  }

  @Test(arguments: backends) func `an error that nobody awaits reaches the exception handler`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      let text: String = await loop.callbacks { loop, finish in
        loop.setExceptionHandler { reporter, context in finish("\(reporter === loop) \(context)") }
        loop.callExceptionHandler(ExceptionContext(message: "handler failed", error: EventLoopError.closed))
      }
      #expect(text == "true handler failed: the event loop is closed")
    }
  }
}

private final class Calls: Sendable {
  let called = Atomic(0)
  let cancelled = Atomic(0)
  let accepted = Atomic(0)
}
