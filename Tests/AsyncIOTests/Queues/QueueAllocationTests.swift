// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import CAllocationCounter
import Testing

/// Passing items allocates nothing once there is memory for that many items and waits.
@Suite struct QueueAllocationTests {
  private static let many = 5000
  /// Allowed for one-time allocations, such as a table that grows: under a hundredth of one allocation for each item.
  private static let few = 15

  /// Counts the allocations of the second half of the rounds; the first half warms up.
  private func count(_ round: @escaping @Sendable (Int) async throws -> Void) async throws -> Int {
    try await withEventLoop {
      for index in 0..<Self.many { try await round(index) }
      allocation_count_begin()
      for index in 0..<Self.many { try await round(index) }
      return allocation_count_end()
    }
  }

  @Test func `putting and getting without a wait`() async throws {
    let queue = Queue<Int>(maxSize: 4)
    let priorities = PriorityQueue<String>(maxSize: 0)
    let stack = LifoQueue<[Int]>(maxSize: 1)
    let (text, numbers) = ("a text that is too long to be kept in place", [1, 2, 3])
    let allocations = try await count { index in
      try await queue.put(index)
      try await priorities.put(text)
      try await stack.put(numbers)
      _ = try await queue.get()
      _ = try await priorities.get()
      _ = try await stack.get()
      queue.taskDone()
      priorities.taskDone()
      stack.taskDone()
    }
    #expect(allocations < Self.few)
  }

  @Test(arguments: [1, 3])
  func `putting and getting by turns`(maxSize: Int) async throws {
    let allocations = try await withEventLoop {
      let queue = Queue<Int>(maxSize: maxSize)
      let producer = Task { for number in 0..<2 * Self.many { try await queue.put(number) } }
      for _ in 0..<Self.many { _ = try await queue.get() }
      allocation_count_begin()
      for _ in 0..<Self.many { _ = try await queue.get() }
      let allocations = allocation_count_end()
      try await producer.value
      return allocations
    }
    #expect(allocations < Self.few)
  }

  @Test func `handing over without room`() async throws {
    let allocations = try await withEventLoop {
      let channel = Channel<String>(capacity: 0)
      let text = "a text that is too long to be kept in place"
      let sender = Task { for _ in 0..<2 * Self.many { try await channel.send(text) } }
      for _ in 0..<Self.many { _ = try await channel.receive() }
      allocation_count_begin()
      for _ in 0..<Self.many { _ = try await channel.receive() }
      let allocations = allocation_count_end()
      try await sender.value
      return allocations
    }
    #expect(allocations < Self.few)
  }

  @Test func `iterating over its items`() async throws {
    let allocations = try await withEventLoop {
      let queue = Queue<Int>(maxSize: 1)
      let producer = Task {
        for number in 0..<2 * Self.many { try await queue.put(number) }
        queue.shutdown()
      }
      var count = 0
      var allocations = 0
      for try await _ in queue {
        count += 1
        if count == Self.many { allocation_count_begin() }
        if count == 2 * Self.many { allocations = allocation_count_end() }
      }
      try await producer.value
      return allocations
    }
    #expect(allocations < Self.few)
  }

  @Test(arguments: [SlowConsumerPolicy.dropOldest, .wait])
  func `sending to a subscriber`(policy: SlowConsumerPolicy) async throws {
    let broadcast = Broadcast<Int>(lag: 4, slow: policy)
    let subscription = broadcast.subscribe()
    let behind = broadcast.subscribe()
    let allocations = try await count { index in
      try await broadcast.send(index)
      _ = try await subscription.receive()
      if policy == .wait { _ = try await behind.receive() }
    }
    #expect(allocations < Self.few)
    #expect(behind.missed == (policy == .wait ? 0 : 2 * Self.many - 4))
  }
}
