// SPDX-License-Identifier: Apache-2.0
// Like the suite of this name in ConformanceTests, for operations that need no backend.

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct ReadyCancellationTests {
  /// Repeats the operation in a task that is cancelled, and returns how often it succeeded.
  private func successes(of operation: @Sendable @escaping () async throws -> Void) async -> Int {
    await createTask {
      withUnsafeCurrentTask { $0?.cancel() }
      var count = 0
      do { while count < 1000 { try await operation(); count += 1 } } catch {}
      return count
    }.settledValue ?? -1
  }

  @Test func `a cancelled task learns of it within a bounded number of ready operations`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    for number in 0..<2000 { try await queue.put(number) }
    let lock = Lock()
    let semaphore = Semaphore(1)
    let limiter = CapacityLimiter(1)
    let barrier = Barrier(parties: 1)
    let event = Event()
    event.set()
    let future = Future<Int>()
    future.setResult(1)
    let done = createTask { 1 }
    _ = try await done.value
    let channel = Channel<Int>(capacity: 2000)
    for number in 0..<2000 { try await channel.send(number) }
    let broadcast = Broadcast<Int>(lag: 2000, slow: .dropOldest)
    let subscription = broadcast.subscribe()
    for number in 0..<2000 { try await broadcast.send(number) }
    let operations: [(String, @Sendable () async throws -> Void)] = [
      ("get", { _ = try await queue.get() }),
      ("put", { try await queue.put(1) }),
      ("iterate", { for try await _ in queue { break } }),
      ("channel", { _ = try await channel.receive() }),
      ("broadcast", { try await broadcast.send(1) }),
      ("subscription", { _ = try await subscription.receive() }),
      ("lock", { try await lock.withLock {} }),
      ("semaphore", { try await semaphore.withPermit {} }),
      ("limiter", { try await limiter.withPermit {} }),
      ("barrier", { try await barrier.wait() }),
      ("event", { try await event.wait() }),
      ("future", { _ = try await future.value }),
      ("shielded future", { _ = try await shield(future) }),
      ("task", { _ = try await done.value }),
      ("shielded task", { _ = try await shield(done) }),
      ("gather", { _ = try await gather(done, future) }),
      ("wait", { _ = try await wait([done]) }),
      ("as completed", { for try await _ in asCompleted([done]) {} }),
      ("time limit", { try await withTimeout(.seconds(1)) {} }),
      ("scope", { _ = try await withCancelScope { _ in } }),
      ("task scope", { try await withTaskScope { _ in } }),
      ("sleep", { try await sleep(.zero) }),
    ]
    for (name, operation) in operations {
      let count = await successes(of: operation)
      #expect(count <= 64, "\(name): \(count)")
    }
  }

  @Test(.eventLoop) func `a time limit ends a backlog that never ends`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    for number in 0..<100 { try await queue.put(number) }
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.milliseconds(5)) { while true { try await queue.put(try await queue.get()) } }
    }
  }

  @Test func `a cancelled task takes up to its share of what is there`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    for number in 0..<1000 { try await queue.put(number) }
    let count = await successes { _ = try await queue.get() }
    #expect(count > 0)
    #expect(queue.count == 1000 - count)
    #expect(try await queue.get() == count)
  }

  @Test func `a run ends at once although a task always finds something ready`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    try await queue.put(1)
    let start = EventLoop.current.time
    try await withEventLoop {
      createTask { while true { try await queue.put(try await queue.get()) } }
      try await sleep(.zero)
    }
    #expect(start.duration(to: EventLoop.current.time) < .seconds(1))
  }

  @Test func `a failed sibling ends a task that never waits`() async throws {
    struct Failure: Error {}
    let event = Event()
    event.set()
    await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        scope.createTask { while true { try await event.wait() } }
        scope.createTask {
          try await sleep(.zero)
          throw Failure()
        }
      }
    }
  }
}

extension TaskHandle {
  /// The value, or nil if the task failed.
  fileprivate nonisolated(nonsending) var settledValue: Value? { get async { try? await value } }
}
