// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

/// Misuse ends the process, with a sentence on standard error.
@Suite struct SynchronizationMisuseTests {
  private func expect(
    _ sentence: String, from result: ExitTest.Result?, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains(sentence), sourceLocation: sourceLocation)
  }

  @Test func `releasing a lock that nobody holds`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = Lock()
      #expect(lock.tryAcquire())
      lock.release()
      lock.release()
    }
    expect("Lock.release: the lock isn't held", from: result)
  }

  @Test func `waiting for a condition without its lock`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await Condition().wait()
    }
    expect("Condition.wait: the lock isn't held", from: result)
  }

  @Test func `waiting for a predicate without the lock`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await Condition().wait { true }
    }
    expect("Condition.wait: the lock isn't held", from: result)
  }

  @Test func `notifying without the lock`() async {
    let one = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Condition().notify() }
    expect("Condition.notify: the lock isn't held", from: one)
    let all = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Condition().notifyAll() }
    expect("Condition.notifyAll: the lock isn't held", from: all)
  }

  @Test func `notifying a negative number`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let condition = Condition()
      try await condition.withLock { condition.notify(-1) }
    }
    expect("Condition.notify: count is -1; it must be 0 or more", from: result)
  }

  @Test func `semaphores with a negative value`() async {
    let plain = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Semaphore(-1) }
    expect("Semaphore: the value -1 is negative", from: plain)
    let bounded = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = BoundedSemaphore(-3)
    }
    expect("BoundedSemaphore: the value -3 is negative", from: bounded)
  }

  @Test func `releasing a bounded semaphore too often`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let semaphore = BoundedSemaphore(2)
      try await semaphore.acquire()
      semaphore.release()
      semaphore.release()
    }
    expect("BoundedSemaphore.release: released more often than acquired", from: result)
  }

  @Test func `a barrier for nobody`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Barrier(parties: 0)
    }
    expect("Barrier: parties is 0; it must be 1 or more", from: result)
  }

  @Test func `borrowing twice`() async {
    let task = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let limiter = CapacityLimiter(5)
      try await limiter.acquire()
      try await limiter.acquire()
    }
    expect("has a token already", from: task)
    let value = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let limiter = CapacityLimiter(5)
      try await limiter.acquire(onBehalfOf: "file")
      _ = limiter.tryAcquire(onBehalfOf: "file")
    }
    expect("CapacityLimiter.acquire: file has a token already", from: value)
  }

  @Test func `waiting twice on behalf of one`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let limiter = CapacityLimiter(0)
      async let first: Void = limiter.acquire(onBehalfOf: "file")
      async let second: Void = limiter.acquire(onBehalfOf: "file")
      _ = try await (first, second)
    }
    expect("CapacityLimiter.acquire: file waits for a token already", from: result)
  }

  @Test func `giving back what was not borrowed`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      CapacityLimiter(1).release(onBehalfOf: "file")
    }
    expect("CapacityLimiter.release: file has no token", from: result)
    let task = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let limiter = CapacityLimiter(2)
      try await limiter.acquire()
      await Task { limiter.release() }.value
    }
    expect("has no token", from: task)
  }

  @Test func `a negative total`() async {
    let first = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = CapacityLimiter(-1)
    }
    expect("CapacityLimiter: the total -1 is negative", from: first)
    let later = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      CapacityLimiter(1).total = -2
    }
    expect("CapacityLimiter.total: -2 is negative", from: later)
  }
}
