// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct PriorityQueueTests {
  private struct Job: Comparable, Sendable {
    let priority: Int
    let name: String

    static func < (one: Job, other: Job) -> Bool { one.priority < other.priority }
    static func == (one: Job, other: Job) -> Bool { one.priority == other.priority }
  }

  @Test func `gives out the smallest first`() async throws {
    let queue = PriorityQueue<Int>(maxSize: 0)
    for number in [1, 3, 2, 5, 4, 0] { try await queue.put(number) }
    var numbers: [Int] = []
    while let number = try queue.tryGet() { numbers.append(number) }
    #expect(numbers == [0, 1, 2, 3, 4, 5])
  }

  @Test func `gives out equal items in the order in which they came`() async throws {
    let queue = PriorityQueue<Job>(maxSize: 0)
    for round in 0..<50 {
      for priority in [2, 1, 3] { try await queue.put(Job(priority: priority, name: "\(round)")) }
    }
    for priority in 1...3 {
      for round in 0..<50 {
        let job = try await queue.get()
        #expect(job.priority == priority && job.name == "\(round)")
      }
    }
  }

  @Test func `an item that waits for room is not compared before it is in`() async throws {
    let queue = PriorityQueue<Int>(maxSize: 1)
    try await queue.put(5)
    let first = Task { try await queue.put(3) }
    try await sleep(.milliseconds(1))
    let second = Task { try await queue.put(1) }
    try await sleep(.milliseconds(1))
    #expect(try await queue.get() == 5)
    #expect(try await queue.get() == 3)
    #expect(try await queue.get() == 1)
    try await first.value
    try await second.value
  }

  @Test func `an item goes to the task that waits for it`() async throws {
    let queue = PriorityQueue<Int>(maxSize: 2)
    let getter = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    try await queue.put(7)
    try await queue.put(1)
    #expect(try await getter.value == 7)
    #expect(try await queue.get() == 1)
  }

  @Test func `iteration is in order`() async throws {
    let queue = PriorityQueue<Int>(maxSize: 10)
    for number in [3, 1, 2] { try await queue.put(number) }
    queue.shutdown()
    var numbers: [Int] = []
    for try await number in queue { numbers.append(number) }
    #expect(numbers == [1, 2, 3])
  }

  @Test func `tells what it has seen`() async throws {
    let queue = PriorityQueue<Int>(maxSize: 1)
    try await queue.put(1)
    #expect(queue.isFull && queue.count == 1 && queue.maxSize == 1 && !queue.isEmpty)
    #expect("\(queue)" == "PriorityQueue(1 of 1 item, 1 unfinished)")
    #expect(queue.statistics.peak == 1)
  }
}
