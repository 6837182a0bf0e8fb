// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

/// An item that has arrived beats a cancellation. One that has not is neither lost nor given to a task that is gone.
@Suite(.virtualTime) struct QueueCancellationTests {
  @Test func `a cancelled task takes what is there`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await queue.put(1)
      return try await queue.get()
    }
    #expect(try await task.value == 1)
  }

  @Test func `a cancelled task does not wait`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getter = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await queue.get()
    }
    await #expect(throws: CancellationError.self) { try await getter.value }
    try await queue.put(1)
    let putter = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await queue.put(2)
    }
    await #expect(throws: CancellationError.self) { try await putter.value }
    #expect(try queue.tryGet() == 1)
    #expect(try queue.tryGet() == nil)
  }

  @Test func `a cancelled task that tries again and again lets others run`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      while true {
        do { return try await queue.get() } catch is CancellationError { continue }
      }
    }
    for _ in 0..<3 { try await sleep(.zero) }
    try await queue.put(1)
    #expect(try await task.value == 1)
  }

  @Test func `the item of a task that is cancelled while it waits is not put`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    try await queue.put(1)
    let cancelled = Task { try await queue.put(2) }
    try await sleep(.milliseconds(1))
    let other = Task { try await queue.put(3) }
    try await sleep(.milliseconds(1))
    cancelled.cancel()
    #expect(try queue.tryGet() == 1, "before the cancelled task has run")
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    try await other.value
    #expect(try queue.tryGet() == 3)
    #expect(queue.isEmpty && queue.statistics.puttersWaiting == 0)
  }

  @Test func `an item that has moved in stays when its task is cancelled`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    try await queue.put(1)
    let putter = Task { try await queue.put(2) }
    try await sleep(.milliseconds(1))
    #expect(try queue.tryGet() == 1)
    putter.cancel()
    try await putter.value
    #expect(try queue.tryGet() == 2)
  }

  @Test func `a task that is cancelled while it waits gets nothing`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let cancelled = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    let other = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    cancelled.cancel()
    #expect(try queue.tryPut(1), "before the cancelled task has run")
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(try await other.value == 1)
  }

  @Test func `an item that finds only a cancelled task stays first`() async throws {
    let queue = Queue<Int>(maxSize: 2)
    let cancelled = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    cancelled.cancel()
    #expect(try queue.tryPut(1))
    #expect(try queue.tryPut(2))
    #expect(try !queue.tryPut(3))
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(try queue.tryGet() == 1)
    #expect(try queue.tryGet() == 2)
  }

  @Test func `an item that came first beats the cancellation`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getter = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    #expect(try queue.tryPut(1))
    getter.cancel()
    #expect(try await getter.value == 1)
  }

  @Test func `a join that is cancelled leaves the others waiting`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    try await queue.put(1)
    let cancelled = Task { try await queue.join() }
    let other = Task { try await queue.join() }
    try await sleep(.milliseconds(1))
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    _ = try await queue.get()
    queue.taskDone()
    try await other.value
  }

  @Test func `a time limit takes no item`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    await #expect(throws: TimeoutError.self) { try await withTimeout(.seconds(1)) { try await queue.get() } }
    #expect(queue.statistics.gettersWaiting == 0)
    try await queue.put(1)
    await #expect(throws: TimeoutError.self) { try await withTimeout(.seconds(1)) { try await queue.put(2) } }
    #expect(queue.statistics.puttersWaiting == 0)
    #expect(try queue.tryGet() == 1)
    #expect(try queue.tryGet() == nil)
  }
}
