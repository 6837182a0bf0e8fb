// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct LockTests {
  @Test func `serves tasks in the order in which they came`() async throws {
    let lock = Lock()
    let log = Log()
    try await lock.acquire()
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<5 {
      tasks.append(Task { try await lock.withLock { log.add(index) } })
      try await sleep(.milliseconds(1))
    }
    lock.release()
    for task in tasks { try await task.value }
    #expect(log.entries == ["0", "1", "2", "3", "4"])
    #expect(!lock.isLocked)
  }

  @Test func `nobody overtakes the first in line`() async throws {
    let lock = Lock()
    try await lock.acquire()
    let waiter = Task { try await lock.acquire() }
    try await sleep(.milliseconds(1))
    lock.release()
    #expect(!lock.tryAcquire())
    try await waiter.value
    #expect(lock.isLocked)
    lock.release()
    #expect(lock.tryAcquire())
  }

  @Test func `a task that is cancelled while it waits passes the lock on`() async throws {
    let lock = Lock()
    try await lock.acquire()
    let first = Task { try await lock.acquire() }
    try await sleep(.milliseconds(1))
    let second = Task { try await lock.acquire() }
    try await sleep(.milliseconds(1))
    first.cancel()
    lock.release()
    await #expect(throws: CancellationError.self) { try await first.value }
    try await second.value
    #expect(lock.isLocked)
  }

  @Test func `a free lock is taken even by a cancelled task`() async throws {
    let lock = Lock()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await lock.acquire()
    }
    try await task.value
    #expect(lock.isLocked)
  }

  @Test func `the lock is released when the body throws`() async throws {
    struct Failure: Error {}
    let lock = Lock()
    await #expect(throws: Failure.self) { try await lock.withLock { throw Failure() } }
    #expect(!lock.isLocked)
  }

  @Test func `if all who wait are cancelled the lock is free`() async throws {
    let lock = Lock()
    try await lock.acquire()
    let tasks = (0..<4).map { _ in Task { try await lock.acquire() } }
    try await sleep(.milliseconds(1))
    for task in tasks { task.cancel() }
    lock.release()
    for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
    #expect(lock.description == "Lock(free, 0 waiting)")
  }

  @Test func `a task that is cancelled after it got the lock has it`() async throws {
    let lock = Lock()
    try await lock.acquire()
    let task = Task { try await lock.acquire() }
    try await sleep(.milliseconds(1))
    lock.release()
    task.cancel()
    try await task.value
    #expect(lock.isLocked)
  }

  @Test func `a task that comes while a cancelled task is in line has the lock afterwards`() async throws {
    let lock = Lock()
    try await lock.acquire()
    let first = Task { try await lock.acquire() }
    try await sleep(.milliseconds(1))
    first.cancel()
    let second = Task { try await lock.acquire() }
    lock.release()
    await #expect(throws: CancellationError.self) { try await first.value }
    try await second.value
    #expect(lock.description == "Lock(held, 0 waiting)")
  }

  @Test func `any task may release it`() async throws {
    let lock = Lock()
    try await lock.acquire()
    await Task { lock.release() }.value
    #expect(!lock.isLocked)
  }

  @Test func `a task that waits for ever is reported`() async throws {
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime {
        let lock = Lock()
        try await lock.acquire()
        try await lock.acquire()
      }
    }
    #expect(error?.description.contains("acquire a lock with 1 in line") == true)
  }
}
