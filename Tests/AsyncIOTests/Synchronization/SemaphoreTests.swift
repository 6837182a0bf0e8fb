// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct SemaphoreTests {
  @Test func `as many get in as there are permits`() async throws {
    let semaphore = Semaphore(3)
    for _ in 0..<3 {
      #expect(!semaphore.isLocked)
      try await semaphore.acquire()
    }
    #expect(semaphore.isLocked)
    #expect(!semaphore.tryAcquire())
    let task = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    semaphore.release()
    try await task.value
    #expect(semaphore.isLocked)
    semaphore.release()
    #expect(!semaphore.isLocked)
  }

  @Test func `one without permits lets nobody in until one is released`() async throws {
    let semaphore = Semaphore(0)
    #expect(semaphore.isLocked)
    let task = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    semaphore.release()
    try await task.value
  }

  @Test func `tasks are served in the order in which they came`() async throws {
    let semaphore = Semaphore()
    let log = Log()
    try await semaphore.acquire()
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<5 {
      tasks.append(
        Task {
          try await semaphore.acquire()
          log.add(index)
          try await sleep(.milliseconds(1))
          semaphore.release()
        })
      try await sleep(.milliseconds(1))
    }
    semaphore.release()
    for task in tasks { try await task.value }
    #expect(log.entries == ["0", "1", "2", "3", "4"])
  }

  @Test func `a permit that is released belongs to the first in line`() async throws {
    let semaphore = Semaphore()
    try await semaphore.acquire()
    let waiting = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    semaphore.release()
    #expect(semaphore.isLocked)
    #expect(!semaphore.tryAcquire())
    try await waiting.value
  }

  @Test func `several permits that are released at once serve several`() async throws {
    let semaphore = Semaphore(0)
    let tasks = (0..<3).map { _ in Task { try await semaphore.acquire() } }
    try await sleep(.milliseconds(1))
    for _ in 0..<3 { semaphore.release() }
    for task in tasks { try await task.value }
    #expect(semaphore.description == "Semaphore(0 free, 0 waiting)")
  }

  @Test func `a cancelled task leaves its permit to the next`() async throws {
    let semaphore = Semaphore(0)
    let first = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    let second = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    first.cancel()
    semaphore.release()
    await #expect(throws: CancellationError.self) { try await first.value }
    try await second.value
    #expect(semaphore.isLocked)
  }

  @Test func `a task that is cancelled after it got its permit keeps it`() async throws {
    let semaphore = Semaphore(0)
    let task = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    semaphore.release()
    task.cancel()
    try await task.value
    #expect(semaphore.isLocked)
  }

  @Test func `if all who wait are cancelled the permit is free`() async throws {
    let semaphore = Semaphore()
    try await semaphore.acquire()
    let tasks = (0..<4).map { _ in Task { try await semaphore.acquire() } }
    try await sleep(.milliseconds(1))
    for task in tasks { task.cancel() }
    semaphore.release()
    for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
    #expect(semaphore.description == "Semaphore(1 free, 0 waiting)")
  }

  @Test func `a permit that is there is taken even by a cancelled task`() async throws {
    let semaphore = Semaphore()
    try await cancelled { try await semaphore.acquire() }
    #expect(semaphore.isLocked)
  }

  @Test func `more permits can be released than there were`() async throws {
    let semaphore = Semaphore(1)
    semaphore.release()
    #expect(semaphore.tryAcquire() && semaphore.tryAcquire() && !semaphore.tryAcquire())
  }

  @Test func `the permit is released when the body throws`() async throws {
    struct Failure: Error {}
    let semaphore = Semaphore()
    let bounded = BoundedSemaphore()
    await #expect(throws: Failure.self) { try await semaphore.withPermit { throw Failure() } }
    await #expect(throws: Failure.self) { try await bounded.withPermit { throw Failure() } }
    #expect(try await semaphore.withPermit { semaphore.isLocked })
    #expect(!semaphore.isLocked && !bounded.isLocked)
  }

  @Test func `a bounded semaphore counts like any other`() async throws {
    let semaphore = BoundedSemaphore(2)
    try await semaphore.acquire()
    #expect(semaphore.tryAcquire() && semaphore.isLocked && !semaphore.tryAcquire())
    let task = Task { try await semaphore.acquire() }
    try await sleep(.milliseconds(1))
    #expect(semaphore.description == "BoundedSemaphore(0 free, 1 waiting)")
    semaphore.release()
    try await task.value
    semaphore.release()
    semaphore.release()
    #expect(semaphore.description == "BoundedSemaphore(2 free, 0 waiting)")
  }

  @Test func `a task that never has to wait lets the others run`() async throws {
    let semaphore = Semaphore()
    let log = Log()
    let other = Task { log.add("other") }
    while log.entries.isEmpty { try await semaphore.withPermit {} }
    await other.value
  }
}
