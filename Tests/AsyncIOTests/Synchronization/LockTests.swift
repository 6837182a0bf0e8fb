// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct LockTests {
  @Test func servesTasksInTheOrderInWhichTheyCame() async throws {
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

  @Test func nobodyOvertakesTheFirstInLine() async throws {
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

  @Test func aTaskThatIsCancelledWhileItWaitsPassesTheLockOn() async throws {
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

  @Test func aFreeLockIsTakenEvenByACancelledTask() async throws {
    let lock = Lock()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await lock.acquire()
    }
    try await task.value
    #expect(lock.isLocked)
  }

  @Test func theLockIsReleasedWhenTheBodyThrows() async throws {
    struct Failure: Error {}
    let lock = Lock()
    await #expect(throws: Failure.self) { try await lock.withLock { throw Failure() } }
    #expect(!lock.isLocked)
  }

  @Test func ifAllWhoWaitAreCancelledTheLockIsFree() async throws {
    let lock = Lock()
    try await lock.acquire()
    let tasks = (0..<4).map { _ in Task { try await lock.acquire() } }
    try await sleep(.milliseconds(1))
    for task in tasks { task.cancel() }
    lock.release()
    for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
    #expect(lock.description == "Lock(free, 0 waiting)")
  }

  @Test func aTaskThatIsCancelledAfterItGotTheLockHasIt() async throws {
    let lock = Lock()
    try await lock.acquire()
    let task = Task { try await lock.acquire() }
    try await sleep(.milliseconds(1))
    lock.release()
    task.cancel()
    try await task.value
    #expect(lock.isLocked)
  }

  @Test func whoComesWhileACancelledTaskIsInLineHasTheLockAfterwards() async throws {
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

  @Test func whoeverLikesReleasesIt() async throws {
    let lock = Lock()
    try await lock.acquire()
    await Task { lock.release() }.value
    #expect(!lock.isLocked)
  }

  @Test func whoWaitsForEverIsReported() async throws {
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
