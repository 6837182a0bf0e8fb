// SPDX-License-Identifier: Apache-2.0
// A wrong call ends the process, and the sentence names the place of the call, not ours.

import AsyncIO
import AsyncIOTesting
import Testing

/// In a macro's closure, each line counts as the one on which the macro begins. Outside of virtual time: a loop that
/// waits idly for another process would be taken for stuck.
@Suite struct CallPlaceTests {
  private func check(_ text: [UInt8], _ sentence: String, _ line: Int, _ location: SourceLocation = #_sourceLocation) {
    let text = String(decoding: text, as: UTF8.self)
    let expected = "AsyncIOTests/CallPlaceTests.swift:\(line): Fatal error: \(sentence)"
    #expect(text.contains(expected), "\(text.prefix(300))", sourceLocation: location)
  }

  @Test func `a future that is settled twice names the second call`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let future = Future<Int>()
      future.setResult(1)
      future.setResult(2)
    }
    let sentence = "Future.setResult: the future is settled with a result already"
    check(try #require(result).standardErrorContent, sentence, #line - 6)
  }

  @Test func `a lock that nobody holds names the task that releases it`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Lock().release()
    }
    check(try #require(result).standardErrorContent, "Lock.release: the lock isn't held", #line - 3)
  }

  @Test func `a semaphore names the release that was one too many`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      BoundedSemaphore(1).release()
    }
    let sentence = "BoundedSemaphore.release: released more often than acquired"
    check(try #require(result).standardErrorContent, sentence, #line - 4)
  }

  @Test func `a condition names the task that waits without the lock`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await Condition().wait()
    }
    check(try #require(result).standardErrorContent, "Condition.wait: the lock isn't held", #line - 3)
  }

  @Test func `a queue names the task that finishes too much`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Queue<Int>(maxSize: 1).taskDone()
    }
    check(
      try #require(result).standardErrorContent, "Queue.taskDone: called more often than items were put", #line - 4)
  }

  @Test func `a token names the task that borrows it twice`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let limiter = CapacityLimiter(2)
      try await limiter.acquire(onBehalfOf: 1)
      try await limiter.acquire(onBehalfOf: 1)
    }
    check(try #require(result).standardErrorContent, "CapacityLimiter.acquire: 1 has a token already", #line - 5)
  }

  @Test func `a callback names the task that schedules it from elsewhere`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = EventLoop.current
      try await toThread { _ = loop.callLater(.seconds(1)) {} }
    }
    let sentence = "callLater was called off the loop's thread; use callSoonThreadsafe there"
    check(try #require(result).standardErrorContent, sentence, #line - 5)
  }
}
