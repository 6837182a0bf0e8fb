// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

/// `taskDone`, `join` and `shutdown`, which all three queues share.
@Suite(.virtualTime) struct QueueShutdownTests {
  @Test func `join returns at once when nothing was put`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    try await queue.join()
    try await queue.join()
  }

  @Test func `join waits for the work on every item`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    for number in 0..<100 { try await queue.put(number) }
    let sum = Log()
    let workers = (0..<2).map { _ in
      Task {
        for try await number in queue {
          sum.add(number)
          try await sleep(.milliseconds(1))
          queue.taskDone()
        }
      }
    }
    try await queue.join()
    #expect(Set(sum.entries) == Set((0..<100).map(String.init)))
    #expect(queue.statistics.unfinished == 0)
    for worker in workers { worker.cancel() }
  }

  @Test func `every join returns when the work is done even if there is new work at once`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    try await queue.put(1)
    let joins = (0..<3).map { _ in Task { try await queue.join() } }
    try await sleep(.milliseconds(1))
    queue.taskDone()
    try await queue.put(2)
    for join in joins { try await join.value }
    #expect(queue.statistics.unfinished == 1)
  }

  @Test func `an item that is handed over is work too`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getter = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    try await queue.put(1)
    _ = try await getter.value
    #expect(queue.statistics.unfinished == 1)
    queue.taskDone()
    try await queue.join()
  }

  @Test func `after a shutdown nothing can be put`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    queue.shutdown()
    await #expect(throws: QueueShutDown.self) { try await queue.put(1) }
    #expect(throws: QueueShutDown.self) { try queue.tryPut(1) }
    await #expect(throws: QueueShutDown.self) { try await queue.get() }
    #expect(throws: QueueShutDown.self) { try queue.tryGet() }
    for try await _ in queue { Issue.record("there is nothing to get") }
    queue.shutdown()
  }

  @Test func `a shutdown ends the wait for an item`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getters = (0..<2).map { _ in Task { try await queue.get() } }
    try await sleep(.milliseconds(1))
    queue.shutdown()
    for getter in getters { await #expect(throws: QueueShutDown.self) { try await getter.value } }
    try await queue.join()
  }

  @Test func `a shutdown leaves what is there`() async throws {
    let queue = Queue<String>(maxSize: 1)
    try await queue.put("item")
    let join = Task { try await queue.join() }
    let putters = (0..<2).map { _ in Task { try await queue.put("late") } }
    try await sleep(.milliseconds(1))
    queue.shutdown()
    for putter in putters { await #expect(throws: QueueShutDown.self) { try await putter.value } }
    #expect(queue.count == 1)
    #expect(try await queue.get() == "item")
    await #expect(throws: QueueShutDown.self) { try await queue.get() }
    #expect(queue.statistics.unfinished == 1)
    queue.taskDone()
    try await join.value
  }

  @Test func `an immediate shutdown drops what is there`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    try await queue.put(1)
    try await queue.put(2)
    #expect(try await queue.get() == 1)
    let join = Task { try await queue.join() }
    try await sleep(.milliseconds(1))
    queue.shutdown(immediate: true)
    #expect(queue.isEmpty)
    #expect(throws: QueueShutDown.self) { try queue.tryGet() }
    #expect(queue.statistics.unfinished == 1, "the item that was gotten is still worked on")
    queue.taskDone()
    try await join.value
  }

  @Test func `an immediate shutdown frees join`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    try await queue.put(1)
    let join = Task { try await queue.join() }
    try await sleep(.milliseconds(1))
    queue.shutdown(immediate: true)
    try await join.value
    #expect(queue.statistics.unfinished == 0)
  }

  @Test func `a queue that was shut down can still be emptied at once`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    try await queue.put(1)
    queue.shutdown()
    queue.shutdown(immediate: true)
    await #expect(throws: QueueShutDown.self) { try await queue.get() }
    try await queue.join()
  }

  @Test func `a dropped item may use the queue`() async throws {
    /// An item that uses its queue when it is released.
    final class Item: Sendable {
      let queue: Queue<Item>
      let log: Log
      init(_ queue: Queue<Item>, _ log: Log) { (self.queue, self.log) = (queue, log) }
      deinit { log.add(queue.count) }
    }
    let log = Log()
    let queue = Queue<Item>(maxSize: 2)
    try await queue.put(Item(queue, log))
    queue.shutdown(immediate: true)
    #expect(log.entries == ["0"])
  }

  @Test func `a shutdown comes after a cancellation`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getter = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    getter.cancel()
    queue.shutdown()
    await #expect(throws: CancellationError.self) { try await getter.value }
  }

  @Test func `the other queues end likewise`() async throws {
    let priorities = PriorityQueue<Int>(maxSize: 1)
    try await priorities.put(2)
    let late = Task { try await priorities.put(1) }
    let stack = LifoQueue<Int>(maxSize: 1)
    let waiting = Task { try await stack.get() }
    try await sleep(.milliseconds(1))
    priorities.shutdown()
    await #expect(throws: QueueShutDown.self) { try await late.value }
    #expect(throws: QueueShutDown.self) { try priorities.tryPut(1) }
    #expect(try priorities.tryGet() == 2)
    #expect(throws: QueueShutDown.self) { try priorities.tryGet() }
    priorities.taskDone()
    try await priorities.join()
    stack.shutdown(immediate: true)
    await #expect(throws: QueueShutDown.self) { try await waiting.value }
    #expect(throws: QueueShutDown.self) { try stack.tryPut(1) }
    try await stack.join()
  }
}
