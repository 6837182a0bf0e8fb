// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct CapacityLimiterTests {
  @Test func `as many tasks borrow a token as there are`() async throws {
    let limiter = CapacityLimiter(3)
    let running = Tally()
    let tasks = (0..<10).map { _ in
      Task {
        try await limiter.withPermit {
          running.add(1)
          try await sleep(.milliseconds(10))
          running.add(-1)
        }
      }
    }
    try await sleep(.milliseconds(1))
    #expect(limiter.borrowed == 3)
    #expect(limiter.available == 0)
    #expect(limiter.statistics.waiting == 7)
    for task in tasks { try await task.value }
    #expect(running.highest == 3)
    #expect(limiter.borrowed == 0)
  }

  @Test func `tokens go to the first in line`() async throws {
    let limiter = CapacityLimiter(1)
    let log = Log()
    try await limiter.acquire()
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<4 {
      tasks.append(Task { try await limiter.withPermit { log.add(index) } })
      try await sleep(.milliseconds(1))
    }
    limiter.release()
    #expect(!limiter.tryAcquire())
    for task in tasks { try await task.value }
    #expect(log.entries == ["0", "1", "2", "3"])
  }

  @Test func `raising the total serves those who wait`() async throws {
    let limiter = CapacityLimiter(0)
    let log = Log()
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<4 {
      tasks.append(
        Task {
          try await limiter.acquire()
          log.add(index)
        })
      try await sleep(.milliseconds(1))
    }
    #expect(log.entries == [])
    limiter.total = 3
    try await sleep(.milliseconds(1))
    #expect(log.entries.sorted() == ["0", "1", "2"])
    limiter.total = .max
    for task in tasks { try await task.value }
  }

  @Test func `lowering the total takes nothing away`() async throws {
    let limiter = CapacityLimiter(3)
    for borrower in 1...3 { try await limiter.acquire(onBehalfOf: borrower) }
    limiter.total = 1
    #expect(limiter.borrowed == 3)
    #expect(limiter.available == 0)
    let waiting = Task { try await limiter.acquire(onBehalfOf: 4) }
    try await sleep(.milliseconds(1))
    limiter.release(onBehalfOf: 2)
    limiter.release(onBehalfOf: 1)
    try await sleep(.milliseconds(1))
    #expect(limiter.statistics.waiting == 1)
    limiter.release(onBehalfOf: 3)
    try await waiting.value
    #expect(limiter.statistics.borrowers == ["4"])
  }

  @Test func `one task gives back what another has borrowed for a value`() async throws {
    let limiter = CapacityLimiter(2)
    try await limiter.acquire(onBehalfOf: "file")
    #expect(limiter.tryAcquire(onBehalfOf: ObjectIdentifier(limiter)))
    #expect(limiter.statistics.borrowers.contains("file"))
    let other = Task { limiter.release(onBehalfOf: "file") }
    await other.value
    #expect(limiter.borrowed == 1)
    try await limiter.withPermit(onBehalfOf: "file") {
      #expect(limiter.available == 0)
      #expect(!limiter.tryAcquire(onBehalfOf: "another"))
    }
    #expect(limiter.available == 1)
  }

  @Test func `a task is another borrower than the tasks that it starts`() async throws {
    let limiter = CapacityLimiter(3)
    try await limiter.withPermit {
      async let child = limiter.withPermit { limiter.borrowed }
      let both = try await child
      #expect(both == 2)
      #expect(limiter.statistics.borrowers.count == 1)
      #expect(limiter.statistics.borrowers[0].hasPrefix("task "))
    }
  }

  @Test func `a task is the same borrower within its time limits`() async throws {
    let limiter = CapacityLimiter(3)
    try await withTimeout(.seconds(1)) {
      try await moveOnAfter(.seconds(1)) { try await limiter.acquire() }
      async let child = limiter.withPermit { limiter.borrowed }
      let both = try await child
      #expect(both == 2)
    }
    #expect(limiter.borrowed == 1)
    try await shield { limiter.release() }
    #expect(limiter.borrowed == 0)
  }

  @Test func `a cancelled task leaves its token to the next`() async throws {
    let limiter = CapacityLimiter(1)
    try await limiter.acquire()
    let first = Task { try await limiter.acquire(onBehalfOf: 1) }
    try await sleep(.milliseconds(1))
    let second = Task { try await limiter.acquire(onBehalfOf: 2) }
    try await sleep(.milliseconds(1))
    first.cancel()
    limiter.release()
    await #expect(throws: CancellationError.self) { try await first.value }
    try await second.value
    #expect(limiter.statistics.borrowers == ["2"])
    // A cancelled borrower may come again.
    limiter.total = 2
    try await limiter.acquire(onBehalfOf: 1)
    #expect(limiter.borrowed == 2)
  }

  @Test func `a token that is there is taken even by a cancelled task`() async throws {
    let limiter = CapacityLimiter(1)
    try await cancelled { try await limiter.acquire(onBehalfOf: "it") }
    #expect(limiter.borrowed == 1)
  }

  @Test func `the token is given back when the body throws`() async throws {
    struct Failure: Error {}
    let limiter = CapacityLimiter(1)
    await #expect(throws: Failure.self) { try await limiter.withPermit { throw Failure() } }
    #expect(limiter.borrowed == 0)
    #expect(limiter.tryAcquire())
    limiter.release()
  }

  @Test func `it says what it is`() async throws {
    let limiter = CapacityLimiter(2)
    try await limiter.acquire()
    #expect(limiter.description == "CapacityLimiter(1 of 2 borrowed, 0 waiting)")
    #expect(limiter.total == 2)
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime { try await CapacityLimiter(0).acquire() }
    }
    #expect(error?.description.contains("acquire a token of 0 with 1 in line") == true)
  }
}
