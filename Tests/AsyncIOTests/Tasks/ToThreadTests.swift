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

  @Test(.virtualTime) func `a cancelled caller leaves at once`() async throws {
    let mayEnd = DispatchSemaphore(value: 0)
    let hasBegun = Future<Void>()
    let hasEnded = Future<Bool>()
    let caller = createTask(name: "caller") {
      try await toThread {
        hasBegun.setResult(())
        mayEnd.wait()
        hasEnded.setResult(Task.isCancelled)
      }
    }
    while caller.waitsFor == nil { try await sleep(.zero) }
    #expect(caller.waitsFor == "run on a thread")
    try await hasBegun.value
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    #expect(!hasEnded.isDone)
    mayEnd.signal()
    #expect(try await hasEnded.value == false)
  }
}
