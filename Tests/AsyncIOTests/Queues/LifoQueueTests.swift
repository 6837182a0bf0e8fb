// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct LifoQueueTests {
  @Test func `gives out the youngest first`() async throws {
    let queue = LifoQueue<Int>(maxSize: 0)
    for number in [1, 3, 2] { try await queue.put(number) }
    #expect([try await queue.get(), try await queue.get(), try await queue.get()] == [2, 3, 1])
  }

  @Test func `an item that waits for room is the youngest when it is in`() async throws {
    let queue = LifoQueue<Int>(maxSize: 2)
    try await queue.put(1)
    try await queue.put(2)
    let putter = Task { try await queue.put(3) }
    try await sleep(.milliseconds(1))
    #expect(try await queue.get() == 2)
    #expect(try await queue.get() == 3)
    #expect(try await queue.get() == 1)
    try await putter.value
  }

  @Test func `iteration ends with the oldest`() async throws {
    let queue = LifoQueue<Int>(maxSize: 10)
    for number in 1...3 { try await queue.put(number) }
    queue.shutdown()
    var numbers: [Int] = []
    for try await number in queue { numbers.append(number) }
    #expect(numbers == [3, 2, 1])
  }

  @Test func `tells what it has seen`() async throws {
    let queue = LifoQueue<Int>(maxSize: 8)
    try await queue.put(1)
    #expect(!queue.isFull && queue.count == 1 && queue.maxSize == 8 && !queue.isEmpty)
    #expect("\(queue)" == "LifoQueue(1 of 8 items, 1 unfinished)")
    #expect(queue.statistics.totalPut == 1)
  }
}
