// SPDX-License-Identifier: Apache-2.0
// Each primitive, used by several loops and from outside of loops at once, while tasks are cancelled. The tests check
// that all tasks get through, that exclusion holds, and that everything is given back. Under the thread sanitizer
// (`make stress`) they also check that each holder sees the writes of the one before.

import AsyncIO
import Testing

@Suite(.timeLimit(.minutes(2))) struct SynchronizationStressTests {
  private static let rounds = 400

  /// State protected only by the primitive under test.
  private final class Unprotected: @unchecked Sendable {
    // Sendable: only the holder of the lock under test uses it; the test checks that.
    var value = 0
  }

  @Test func `the lock protects what tasks on all threads change`() async throws {
    let lock = Lock()
    let sum = Unprotected()
    let expected = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds {
        if (round + number) % 3 == 0 {
          let got = await inCancelledTask { try await lock.withLock { sum.value += 1 } }
          if got { expected.add(1) }
        } else {
          try await lock.withLock { sum.value += 1 }
          expected.add(1)
        }
      }
    }
    #expect(sum.value == expected.value)
    #expect(expected.value >= everywhere * Self.rounds / 3)
    #expect(lock.description == "Lock(free, 0 waiting)")
  }

  @Test func `a holder may await while others wait`() async throws {
    let lock = Lock()
    let inside = Tally()
    try await fromEverywhere { number in
      for _ in 0..<Self.rounds / 5 {
        try await lock.withLock {
          inside.add(1)
          if number % 2 == 0 { try await sleep(.zero) } else { await Task.yield() }
          inside.add(-1)
        }
      }
    }
    #expect(inside.highest == 1)
    #expect(lock.description == "Lock(free, 0 waiting)")
  }

  @Test func `a semaphore never lets more in than it has permits`() async throws {
    let semaphore = BoundedSemaphore(3)
    let inside = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds {
        let body: @Sendable () async throws -> Void = {
          try await semaphore.withPermit {
            inside.add(1)
            if round % 4 == 0 { await Task.yield() }
            inside.add(-1)
          }
        }
        if (round + number) % 3 == 0 { _ = await inCancelledTask(body) } else { try await body() }
      }
    }
    #expect(inside.value == 0)
    #expect(inside.highest <= 3)
    #expect(semaphore.description == "BoundedSemaphore(3 free, 0 waiting)")
  }

  @Test func `a capacity limiter follows its total while it is in use`() async throws {
    let limiter = CapacityLimiter(1)
    let inside = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds {
        if number == 0 { limiter.total = 1 + round % 4 }
        let body: @Sendable () async throws -> Void = {
          try await limiter.withPermit {
            inside.add(1)
            if round % 4 == 0 { await Task.yield() }
            inside.add(-1)
          }
        }
        if (round + number) % 3 == 0 { _ = await inCancelledTask(body) } else { try await body() }
      }
    }
    #expect(inside.highest <= 4)
    #expect(limiter.statistics.borrowers == [])
    #expect(limiter.statistics.waiting == 0)
  }

  @Test func `nobody misses an event that is set and cleared at once`() async throws {
    let event = Event()
    let generation = Tally()
    let passed = Tally()
    try await fromEverywhere { number in
      if number == 0 {
        for _ in 0..<Self.rounds {
          generation.add(1)
          event.set()
          if generation.value < Self.rounds { event.clear() }
          await Task.yield()
        }
        return
      }
      var seen = 0
      while seen < Self.rounds {
        if number % 4 == 1 { _ = await inCancelledTask { try await event.wait() } } else { try await event.wait() }
        seen = generation.value
      }
      passed.add(1)
    }
    #expect(passed.value == everywhere - 1)
    #expect(event.description == "Event(set, 0 waiting)")
  }

  @Test func `what is put under a condition is taken by those who wait for it`() async throws {
    let condition = Condition()
    let things = Unprotected()
    let taken = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds / 2 {
        if number % 2 == 0 {
          try await condition.withLock {
            things.value += 1
            condition.notify()
          }
          continue
        }
        let take: @Sendable () async throws -> Void = {
          try await condition.withLock {
            try await condition.wait { things.value > 0 }
            things.value -= 1
            taken.add(1)
          }
        }
        // A cancelled task passes its notification to another one, and then comes again.
        if round % 3 != 0 { try await take() } else if await !inCancelledTask(take) { try await take() }
      }
    }
    #expect(things.value == 0)
    #expect(taken.value == everywhere / 2 * (Self.rounds / 2))
    #expect(condition.description == "Condition(free, 0 waiting)")
  }

  @Test func `all pass a barrier in each round`() async throws {
    let barrier = Barrier(parties: everywhere)
    let sum = Tally()
    let arrived = Tally()
    try await fromEverywhere { _ in
      for round in 1...Self.rounds / 3 {
        arrived.add(1)
        sum.add(try await barrier.wait())
        #expect(arrived.value >= round * everywhere)
      }
    }
    #expect(sum.value == Self.rounds / 3 * (everywhere * (everywhere - 1) / 2))
    #expect(barrier.waitingCount == 0)
  }

  @Test func `an aborted barrier sends everybody away`() async throws {
    let barrier = Barrier(parties: everywhere)
    let broken = Tally()
    try await fromEverywhere { number in
      if number == 0 {
        await Task.yield()
        return barrier.abort()
      }
      do { try await barrier.wait() } catch is BrokenBarrierError { broken.add(1) }
    }
    #expect(broken.value == everywhere - 1)
    #expect(barrier.description == "Barrier(broken)")
  }
}
