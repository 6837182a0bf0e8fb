// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct BroadcastTests {
  private static let policies: [SlowConsumerPolicy] = [.dropOldest, .disconnect, .wait]

  private func collect<Element: Sendable>(_ subscription: Broadcast<Element>.Subscription) -> Task<[Element], any Error>
  {
    Task {
      var items: [Element] = []
      for try await item in subscription { items.append(item) }
      return items
    }
  }

  @Test(arguments: policies)
  func `every subscriber receives every item`(policy: SlowConsumerPolicy) async throws {
    let broadcast = Broadcast<Int>(lag: 4, slow: policy)
    let collected = (0..<3).map { _ in collect(broadcast.subscribe()) }
    for number in 0..<20 {
      try await broadcast.send(number)
      if number % 4 == 3 { try await sleep(.milliseconds(1)) }
    }
    broadcast.close()
    for task in collected { #expect(try await task.value == Array(0..<20)) }
  }

  @Test(arguments: policies)
  func `a subscriber receives what is sent after it came`(policy: SlowConsumerPolicy) async throws {
    let broadcast = Broadcast<Int>(lag: 4, slow: policy)
    try await broadcast.send(1)
    let first = broadcast.subscribe()
    try await broadcast.send(2)
    let second = broadcast.subscribe()
    try await broadcast.send(3)
    #expect(broadcast.subscriberCount == 2)
    #expect([try first.tryReceive(), try first.tryReceive(), try first.tryReceive()] == [2, 3, nil])
    #expect([try second.tryReceive(), try second.tryReceive()] == [3, nil])
  }

  @Test(arguments: policies)
  func `what everyone has received is not kept`(policy: SlowConsumerPolicy) async throws {
    final class Item: Sendable {}
    let broadcast = Broadcast<Item>(lag: 4, slow: policy)
    weak var kept: Item?
    func send() async throws {
      let item = Item()
      kept = item
      try await broadcast.send(item)
    }
    try await send()
    #expect(kept == nil, "nobody is subscribed")
    var subscriptions = (0..<2).map { _ in broadcast.subscribe() }
    try await send()
    #expect(try subscriptions[0].tryReceive() != nil)
    #expect(kept != nil)
    #expect(try subscriptions[1].tryReceive() != nil)
    #expect(kept == nil)
    try await send()
    #expect(kept != nil)
    subscriptions = []
    #expect(kept == nil)
  }

  @Test func `a slow subscriber misses the oldest items`() async throws {
    let broadcast = Broadcast<Int>(lag: 3, slow: .dropOldest)
    let slow = broadcast.subscribe()
    let fast = broadcast.subscribe()
    for number in 0..<10 {
      try await broadcast.send(number)
      #expect(try await fast.receive() == number)
    }
    #expect(slow.missed == 7)
    for number in 7..<10 { #expect(try await slow.receive() == number) }
    #expect(try slow.tryReceive() == nil)
    #expect(slow.missed == 7 && fast.missed == 0)
    for number in 10..<14 { try await broadcast.send(number) }
    #expect(try slow.tryReceive() == 11)
    #expect(slow.missed == 8)
  }

  @Test func `a slow subscriber is cut off`() async throws {
    let broadcast = Broadcast<Int>(lag: 2, slow: .disconnect)
    let slow = broadcast.subscribe()
    let fast = broadcast.subscribe()
    for number in 0..<3 {
      try await broadcast.send(number)
      #expect(try fast.tryReceive() == number)
    }
    #expect(broadcast.subscriberCount == 1)
    await #expect(throws: SlowConsumer(lag: 2)) { try await slow.receive() }
    #expect(throws: SlowConsumer.self) { try slow.tryReceive() }
    await #expect(throws: SlowConsumer.self) { for try await _ in slow { Issue.record("it was cut off") } }
    try await broadcast.send(3)
    #expect(try fast.tryReceive() == 3)
  }

  @Test func `send waits for the slowest`() async throws {
    let broadcast = Broadcast<Int>(lag: 2, slow: .wait)
    let slow = broadcast.subscribe()
    let fast = collect(broadcast.subscribe())
    let log = Log()
    let sender = Task {
      for number in 0..<5 {
        try await broadcast.send(number)
        log.add(number)
      }
    }
    try await sleep(.milliseconds(1))
    #expect(log.entries == ["0", "1"])
    #expect(try !broadcast.trySend(9))
    for number in 0..<5 {
      #expect(try await slow.receive() == number)
      try await sleep(.milliseconds(1))
      #expect(log.entries.count == min(5, number + 3))
    }
    try await sender.value
    broadcast.close()
    #expect(try await fast.value == [0, 1, 2, 3, 4])
  }

  @Test func `a subscription that is dropped frees those who wait for it`() async throws {
    let broadcast = Broadcast<Int>(lag: 1, slow: .wait)
    var slow: Broadcast<Int>.Subscription? = broadcast.subscribe()
    let fast = collect(broadcast.subscribe())
    let sender = Task { for number in 0..<5 { try await broadcast.send(number) } }
    try await sleep(.milliseconds(1))
    #expect("\(broadcast)" == "Broadcast(2 subscribers, 1 waiting to send)")
    #expect(slow != nil)
    slow = nil
    try await sender.value
    #expect(broadcast.subscriberCount == 1)
    broadcast.close()
    #expect(try await fast.value == [0, 1, 2, 3, 4])
  }

  @Test func `a subscription lives as long as its iteration`() async throws {
    let broadcast = Broadcast<Int>(lag: 1, slow: .wait)
    let reading = Task {
      for try await number in broadcast.subscribe() where number == 3 { break }
    }
    try await sleep(.milliseconds(1))
    for number in 0..<10 { try await broadcast.send(number) }
    try await reading.value
    #expect(broadcast.subscriberCount == 0)
  }

  @Test(arguments: policies)
  func `closing ends iterations after what was sent`(policy: SlowConsumerPolicy) async throws {
    let broadcast = Broadcast<Int>(lag: 2, slow: policy)
    let behind = broadcast.subscribe()
    let waiting = collect(broadcast.subscribe())
    try await broadcast.send(1)
    try await sleep(.milliseconds(1))
    broadcast.close()
    broadcast.close()
    #expect(broadcast.isClosed)
    #expect(try await waiting.value == [1])
    #expect(try await collect(behind).value == [1])
    #expect(try await collect(broadcast.subscribe()).value == [])
    await #expect(throws: BroadcastClosed.self) { try await broadcast.send(2) }
    #expect(throws: BroadcastClosed.self) { try broadcast.trySend(2) }
  }

  @Test func `closing frees those who wait to send`() async throws {
    let broadcast = Broadcast<Int>(lag: 1, slow: .wait)
    let subscription = broadcast.subscribe()
    try await broadcast.send(1)
    let sender = Task { try await broadcast.send(2) }
    try await sleep(.milliseconds(1))
    broadcast.close()
    await #expect(throws: BroadcastClosed.self) { try await sender.value }
    #expect(try await subscription.receive() == 1)
    #expect(try await subscription.receive() == nil)
  }

  @Test func `a broadcast that is forgotten is closed`() async throws {
    var broadcast: Broadcast<Int>? = Broadcast(lag: 1, slow: .dropOldest)
    let collected = try collect(#require(broadcast).subscribe())
    try await sleep(.milliseconds(1))
    try await broadcast?.send(1)
    broadcast = nil
    #expect(try await collected.value == [1])
  }

  @Test func `a sender that is cancelled has sent nothing`() async throws {
    let broadcast = Broadcast<Int>(lag: 1, slow: .wait)
    let subscription = broadcast.subscribe()
    try await broadcast.send(1)
    let sender = Task { try await broadcast.send(2) }
    try await sleep(.milliseconds(1))
    sender.cancel()
    #expect(try subscription.tryReceive() == 1)
    await #expect(throws: CancellationError.self) { try await sender.value }
    #expect(try subscription.tryReceive() == nil)
  }

  @Test func `a receiver that is cancelled misses nothing`() async throws {
    let broadcast = Broadcast<Int>(lag: 1, slow: .dropOldest)
    let subscription = broadcast.subscribe()
    let receiver = Task { try await subscription.receive() }
    try await sleep(.milliseconds(1))
    receiver.cancel()
    try await broadcast.send(1)
    await #expect(throws: CancellationError.self) { try await receiver.value }
    #expect(try subscription.tryReceive() == 1)
    let reading = Task { for try await _ in subscription { Issue.record("nothing was sent") } }
    try await sleep(.milliseconds(1))
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
  }

  @Test func `tasks that share a subscription share its items`() async throws {
    let broadcast = Broadcast<Int>(lag: 10, slow: .dropOldest)
    let subscription = broadcast.subscribe()
    let readers = (0..<3).map { _ in collect(subscription) }
    try await sleep(.milliseconds(1))
    for number in 0..<10 { try await broadcast.send(number) }
    broadcast.close()
    var all: [Int] = []
    for reader in readers { all += try await reader.value }
    #expect(all.sorted() == Array(0..<10))
  }

  @Test func `an item that is dropped may use the broadcast`() async throws {
    /// An item that uses its broadcast when it is released.
    final class Item: Sendable {
      let broadcast: Broadcast<Item>
      let log: Log
      init(_ broadcast: Broadcast<Item>, _ log: Log) { (self.broadcast, self.log) = (broadcast, log) }
      deinit { log.add(broadcast.subscriberCount) }
    }
    let log = Log()
    let broadcast = Broadcast<Item>(lag: 1, slow: .dropOldest)
    var subscription: Broadcast<Item>.Subscription? = broadcast.subscribe()
    try await broadcast.send(Item(broadcast, log))
    try await broadcast.send(Item(broadcast, log))
    #expect(log.entries == ["1"])
    #expect(subscription?.missed == 1)
    subscription = nil
    #expect(log.entries == ["1", "0"])
  }
}
