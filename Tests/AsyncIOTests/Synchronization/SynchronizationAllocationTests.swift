// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import CAllocationCounter
import Testing

/// The allocations of the primitives on their loop's thread.
@Suite struct SynchronizationAllocationTests {
  private static let many = 1000
  /// Allowed for one-time allocations, such as a line that grows: a hundredth of one allocation for each round.
  private static let few = 10

  /// The allocations of consecutive rounds, after the first ones have warmed up.
  private func allocations(_ round: @escaping @Sendable () async throws -> Void) async throws -> Int {
    try await withEventLoop {
      for _ in 0..<Self.many { try await round() }
      allocation_count_begin()
      for _ in 0..<Self.many { try await round() }
      return allocation_count_end()
    }
  }

  @Test func `a lock that is free is taken and released without allocating`() async throws {
    let lock = Lock()
    #expect(
      try await allocations {
        try await lock.acquire()
        lock.release()
        try await lock.withLock {}
      } < Self.few)
  }

  @Test func `a semaphore with permits is taken and released without allocating`() async throws {
    let semaphore = Semaphore(2)
    let bounded = BoundedSemaphore(2)
    #expect(
      try await allocations {
        try await semaphore.acquire()
        semaphore.release()
        try await bounded.withPermit {}
      } < Self.few)
  }

  @Test func `a token is borrowed and given back without allocating`() async throws {
    let limiter = CapacityLimiter(2)
    #expect(try await allocations { try await limiter.withPermit {} } < Self.few)
  }

  @Test func `an event that is set lets through without allocating`() async throws {
    let event = Event()
    event.set()
    #expect(try await allocations { try await event.wait() } < Self.few)
  }

  /// Both tasks' allocations are counted: they take turns on one thread.
  @Test func `a lock goes from one task to another without allocating`() async throws {
    let lock = Lock()
    let handOvers = Tally()
    let count = try await withEventLoop {
      let other = Task {
        while !Task.isCancelled {
          try await lock.withLock {
            handOvers.add(1)
            try await sleep(.zero)
          }
        }
      }
      for round in 0..<2 * Self.many {
        if round == Self.many { allocation_count_begin() }
        try await lock.withLock { try await sleep(.zero) }
      }
      let count = allocation_count_end()
      other.cancel()
      _ = await other.result
      return count
    }
    #expect(count < Self.few)
    // The other task had the lock in between each time.
    #expect(handOvers.value >= 2 * Self.many - 2)
  }

  @Test func `a task goes on after an event or a notification without allocating`() async throws {
    let event = Event()
    let condition = Condition()
    let count = try await withEventLoop {
      let other = Task {
        for _ in 0..<2 * Self.many {
          try await event.wait()
          event.clear()
          try await condition.withLock { condition.notify() }
        }
      }
      for round in 0..<2 * Self.many {
        if round == Self.many { allocation_count_begin() }
        try await condition.withLock {
          event.set()
          try await condition.wait()
        }
      }
      let count = allocation_count_end()
      try await other.value
      return count
    }
    #expect(count < Self.few)
  }
}
