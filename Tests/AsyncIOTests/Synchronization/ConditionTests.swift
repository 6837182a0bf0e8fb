// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct ConditionTests {
  /// Starts tasks that wait on a condition. Each logs its number when it continues.
  private func waiters(_ count: Int, on condition: Condition, _ log: Log) async throws -> [Task<Void, any Error>] {
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<count {
      tasks.append(
        Task {
          try await condition.withLock {
            try await condition.wait()
            log.add(index)
          }
        })
      try await sleep(.milliseconds(1))
    }
    return tasks
  }

  @Test func `notify lets as many go on as it says in the order in which they came`() async throws {
    let condition = Condition()
    let log = Log()
    let tasks = try await waiters(6, on: condition, log)
    #expect(!condition.isLocked)
    for (count, expected) in [(1, 1), (0, 1), (2, 3), (100, 6), (1, 6)] {
      try await condition.withLock { condition.notify(count) }
      try await sleep(.milliseconds(1))
      // The tasks of one notification race for the lock, in the random order of virtual time.
      #expect(log.entries.sorted() == (0..<expected).map { "\($0)" })
    }
    for task in tasks { try await task.value }
    #expect(!condition.isLocked)
  }

  @Test func `notifyAll lets all go on who wait then`() async throws {
    let condition = Condition()
    let log = Log()
    let tasks = try await waiters(3, on: condition, log)
    try await condition.withLock { condition.notifyAll() }
    for task in tasks { try await task.value }
    #expect(log.entries.sorted() == ["0", "1", "2"])
    let late = try await waiters(1, on: condition, log)
    #expect(log.entries.count == 3)
    try await condition.withLock { condition.notifyAll() }
    try await late[0].value
  }

  @Test func `a task that is notified goes on only with the lock`() async throws {
    let condition = Condition()
    let log = Log()
    let tasks = try await waiters(1, on: condition, log)
    try await condition.acquire()
    condition.notify()
    try await sleep(.milliseconds(1))
    #expect(log.entries == [])
    condition.release()
    try await tasks[0].value
    #expect(log.entries == ["0"])
  }

  @Test func `a cancelled task has the lock again before it throws`() async throws {
    let condition = Condition()
    let log = Log()
    let task = Task {
      try await condition.acquire()
      do {
        try await condition.wait()
      } catch {
        log.add(condition.isLocked ? "holds the lock" : "lost the lock")
        condition.release()
        throw error
      }
    }
    try await sleep(.milliseconds(1))
    // Another task has the lock: the cancelled task has to wait for it, however long that takes.
    try await condition.acquire()
    task.cancel()
    try await sleep(.seconds(5))
    #expect(log.entries == [])
    condition.release()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["holds the lock"])
    #expect(!condition.isLocked)
    #expect(condition.description == "Condition(free, 0 waiting)")
  }

  @Test func `a task that is cancelled already lets the others have the lock once`() async throws {
    let condition = Condition()
    let log = Log()
    let task = Task {
      try await condition.withLock {
        try await sleep(.milliseconds(1))
        withUnsafeCurrentTask { $0?.cancel() }
        defer { log.add("cancelled, \(condition.isLocked)") }
        try await condition.wait()
      }
    }
    try await condition.withLock { log.add("other") }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["other", "cancelled, true"])
    #expect(!condition.isLocked)
  }

  @Test func `what a task was notified of goes to another if it is cancelled before it has the lock`() async throws {
    let condition = Condition()
    let log = Log()
    let tasks = try await waiters(3, on: condition, log)
    try await condition.acquire()
    condition.notify()
    tasks[0].cancel()
    try await sleep(.milliseconds(1))
    condition.release()
    await #expect(throws: CancellationError.self) { try await tasks[0].value }
    try await tasks[1].value
    #expect(log.entries == ["1"])
    try await condition.withLock { condition.notify() }
    try await tasks[2].value
  }

  @Test func `a notification does not go to a task that is cancelled already`() async throws {
    let condition = Condition()
    let log = Log()
    let tasks = try await waiters(2, on: condition, log)
    try await condition.acquire()
    tasks[0].cancel()
    condition.notify()
    condition.release()
    await #expect(throws: CancellationError.self) { try await tasks[0].value }
    try await tasks[1].value
    #expect(log.entries == ["1"])
  }

  @Test func `a time limit ends a wait with the lock held`() async throws {
    let condition = Condition()
    let waiting = Task {
      try await condition.withLock { try await condition.wait() }
    }
    let limit = Task {
      try await sleep(.seconds(1))
      waiting.cancel()
    }
    await #expect(throws: CancellationError.self) { try await waiting.value }
    try await limit.value
    #expect(!condition.isLocked)
  }

  @Test func `wait for looks again after each notification`() async throws {
    let condition = Condition()
    let count = Tally()
    let looks = Tally()
    let task = Task {
      try await condition.withLock {
        try await condition.wait {
          looks.add(1)
          return count.value == 3
        }
      }
    }
    for _ in 0..<3 {
      try await sleep(.milliseconds(1))
      try await condition.withLock {
        count.add(1)
        condition.notify()
      }
    }
    try await task.value
    #expect(looks.value == 4)
  }

  @Test func `wait for throws what the predicate throws with the lock held`() async throws {
    struct Failure: Error {}
    let condition = Condition()
    try await condition.acquire()
    await #expect(throws: Failure.self) { try await condition.wait { throw Failure() } }
    #expect(condition.isLocked)
    try await cancelled { try await condition.wait { true } }
    condition.release()
  }

  @Test func `several conditions share a lock`() async throws {
    let lock = Lock()
    let log = Log()
    let notEmpty = Condition(lock: lock)
    let notFull = Condition(lock: lock)
    let task = Task {
      try await notEmpty.withLock {
        try await notEmpty.wait()
        log.add("not empty")
      }
    }
    try await sleep(.milliseconds(1))
    try await notFull.withLock {
      #expect(lock.isLocked && notEmpty.isLocked)
      notFull.notifyAll()
      try await sleep(.milliseconds(1))
      #expect(log.entries == [])
      notEmpty.notify()
    }
    try await task.value
  }

  /// Producers put one item each and notify once; consumers take one each and are cancelled at random. Items are taken
  /// as long as a consumer is there.
  @Test func `no notification is lost in any order of tasks`() async throws {
    for seed in 1...60 as ClosedRange<UInt64> {
      let (left, hungry) = try await withVirtualTime(seed: seed) {
        var random = SeededRandom(seed: seed)
        let condition = Condition()
        let things = Tally()
        let taken = Tally()
        let consumers = (0..<8).map { _ in
          Task {
            try await condition.withLock {
              try await condition.wait { things.value > 0 }
              things.add(-1)
              taken.add(1)
            }
          }
        }
        for _ in 0..<4 {
          if Bool.random(using: &random) { try await sleep(.zero) }
          let victim = consumers[Int.random(in: 0..<8, using: &random)]
          let putting = Task {
            try await condition.withLock {
              things.add(1)
              condition.notify()
            }
          }
          if Bool.random(using: &random) { try await sleep(.zero) }
          victim.cancel()
          try await putting.value
        }
        try await sleep(.seconds(1))
        let left = things.value
        let hungry = condition.description
        for consumer in consumers { consumer.cancel() }
        for consumer in consumers { _ = await consumer.result }
        #expect(!condition.isLocked)
        #expect(taken.value + left == 4)
        return (left, hungry)
      }
      #expect(left == 0 || hungry == "Condition(free, 0 waiting)", "seed \(seed)")
    }
  }

  @Test func `it says what it is`() async throws {
    let condition = Condition()
    let tasks = try await waiters(1, on: condition, Log())
    #expect(condition.description == "Condition(free, 1 waiting)")
    try await condition.withLock {
      #expect(condition.description == "Condition(held, 1 waiting)")
      condition.notify()
    }
    try await tasks[0].value
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime {
        let condition = Condition()
        try await condition.withLock { try await condition.wait() }
      }
    }
    #expect(error?.description.contains("wait for a condition with 1 in line") == true)
  }
}
