// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct ChannelTests {
  @Test func `carries items in the order in which they were sent`() async throws {
    let channel = Channel<Int>(capacity: 4)
    for number in 0..<4 { try await channel.send(number) }
    channel.close()
    var numbers: [Int] = []
    for try await number in channel { numbers.append(number) }
    #expect(numbers == [0, 1, 2, 3])
  }

  @Test func `send waits while it is full`() async throws {
    let channel = Channel<Int>(capacity: 1)
    #expect(try channel.trySend(1))
    #expect(try !channel.trySend(2))
    let sender = Task { try await channel.send(2) }
    try await sleep(.milliseconds(1))
    #expect(channel.statistics.sendersWaiting == 1)
    #expect(channel.tryReceive() == 1)
    try await sender.value
    #expect(try await channel.receive() == 2)
    #expect(channel.tryReceive() == nil)
  }

  @Test func `without capacity send returns when the item is taken`() async throws {
    let channel = Channel<Int>(capacity: 0)
    let log = Log()
    let sender = Task {
      for number in 1...2 {
        try await channel.send(number)
        log.add("sent \(number)")
      }
    }
    try await sleep(.milliseconds(1))
    #expect(log.entries == [])
    #expect(channel.count == 0)
    #expect(try await channel.receive() == 1)
    try await sleep(.milliseconds(1))
    #expect(log.entries == ["sent 1"])
    #expect(channel.tryReceive() == 2, "of a task that waits to send it")
    try await sender.value
    #expect(channel.statistics.peak == 0)
  }

  @Test func `without capacity an item needs a receiver`() async throws {
    let channel = Channel<Int>(capacity: 0)
    #expect(try !channel.trySend(1))
    let receiver = Task { try await channel.receive() }
    try await sleep(.milliseconds(1))
    #expect(try channel.trySend(2))
    #expect(try !channel.trySend(3))
    #expect(try await receiver.value == 2)
  }

  @Test func `several send and several receive`() async throws {
    let channel = Channel<Int>(capacity: 0)
    let receivers = (0..<3).map { _ in
      Task {
        var numbers: [Int] = []
        for try await number in channel { numbers.append(number) }
        return numbers
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for sender in 0..<4 {
        group.addTask { for number in 0..<25 { try await channel.send(25 * sender + number) } }
      }
      try await group.waitForAll()
    }
    channel.close()
    var all: [Int] = []
    for receiver in receivers { all += try await receiver.value }
    #expect(all.sorted() == Array(0..<100))
  }

  @Test func `closing frees those who wait to send`() async throws {
    let channel = Channel<Int>(capacity: 1)
    try await channel.send(1)
    let senders = (0..<2).map { _ in Task { try await channel.send(2) } }
    try await sleep(.milliseconds(1))
    channel.close()
    for sender in senders { await #expect(throws: ChannelClosed.self) { try await sender.value } }
    await #expect(throws: ChannelClosed.self) { try await channel.send(3) }
    #expect(throws: ChannelClosed.self) { try channel.trySend(3) }
    #expect(channel.isClosed)
    channel.close()
    #expect(try await channel.receive() == 1)
    #expect(try await channel.receive() == nil)
    #expect(channel.tryReceive() == nil)
  }

  @Test func `closing frees those who wait to receive`() async throws {
    let channel = Channel<Int>(capacity: 0)
    let receivers = (0..<2).map { _ in Task { try await channel.receive() } }
    try await sleep(.milliseconds(1))
    channel.close()
    for receiver in receivers { #expect(try await receiver.value == nil) }
  }

  @Test func `a sender that is cancelled has not sent its item`() async throws {
    let channel = Channel<Int>(capacity: 0)
    let cancelled = Task { try await channel.send(1) }
    try await sleep(.milliseconds(1))
    let other = Task { try await channel.send(2) }
    try await sleep(.milliseconds(1))
    cancelled.cancel()
    #expect(channel.tryReceive() == 2)
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    try await other.value
    #expect(channel.tryReceive() == nil)
  }

  @Test func `a receiver that is cancelled takes nothing`() async throws {
    let channel = Channel<Int>(capacity: 1)
    let cancelled = Task { try await channel.receive() }
    try await sleep(.milliseconds(1))
    cancelled.cancel()
    try await channel.send(1)
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(channel.tryReceive() == 1)
  }

  @Test func `iteration throws when its task is cancelled`() async throws {
    let channel = Channel<Int>(capacity: 1)
    let log = Log()
    let iterating = Task {
      for try await number in channel { log.add("\(number)") }
      log.add("behind the loop")
    }
    try await channel.send(1)
    try await sleep(.milliseconds(1))
    iterating.cancel()
    await #expect(throws: CancellationError.self) { try await iterating.value }
    #expect(log.entries == ["1"])
    #expect(channel.statistics.receiversWaiting == 0)
  }

  @Test func `tells what it has seen`() async throws {
    let channel = Channel<Int>(capacity: 2)
    #expect("\(channel)" == "Channel(0 of 2 items)" && channel.capacity == 2)
    for number in 0..<2 { try await channel.send(number) }
    let sender = Task { try await channel.send(2) }
    try await sleep(.milliseconds(1))
    #expect("\(channel)" == "Channel(2 of 2 items, 1 waiting to send)")
    _ = try await channel.receive()
    try await sender.value
    channel.close()
    #expect("\(channel)" == "Channel(2 of 2 items, closed)")
    let statistics = channel.statistics
    #expect(statistics.count == 2 && statistics.peak == 2 && statistics.isClosed)
    #expect(statistics.totalSent == 3 && statistics.totalReceived == 1)
    #expect(statistics.sendersWaiting == 0 && statistics.receiversWaiting == 0)
  }
}
