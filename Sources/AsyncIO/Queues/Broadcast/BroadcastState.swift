// SPDX-License-Identifier: Apache-2.0
// Items are numbered as they are sent. A ring keeps each item once, until the last subscriber has received it. A
// subscriber is a position: the number of the item that it receives next.
//
//   first              first + ring.count, the end
//     |  item  item  item  |
//
// `readers` counts, for each item in the ring, the subscribers at that item; `atEnd` counts those that have received
// all. The first item always has a reader: an item is dropped when its last reader moves on. So only subscribers at the
// first item can fill the ring with its `lag` items, and finding slow subscribers takes no search.
//
// A subscriber isn't touched when it misses an item. It finds itself before the first item when it looks next. Until
// then it counts as a reader of the first item, or of none if it is cut off.
//
// A subscriber that waits is handed its item, as in a queue: see HandoverState. A subscriber's line to receive is empty
// unless the subscriber is at the end. The line to send is empty unless the ring is full.

public import AsyncIOCore

/// The state of a broadcast, as a value.
@usableFromInline struct BroadcastState<Element: Sendable, Waiter: LineWaiter>: Sendable {
  @usableFromInline typealias SenderLine = Line<Waiter, Element, SendEnd>
  @usableFromInline typealias ReceiverLine = Line<Waiter, Void, ReceiveEnd>

  /// How a wait to send ends.
  @usableFromInline enum SendEnd: Sendable { case sent, closed }

  /// How a wait to receive ends.
  @usableFromInline enum ReceiveEnd: Sendable { case item(Element), closed, tooSlow }

  /// The outcome of sending.
  @usableFromInline enum Send: Sendable { case done, full, closed }

  /// The outcome of receiving.
  @usableFromInline enum Receive: Sendable { case item(Element), empty, closed, tooSlow }

  @usableFromInline struct Subscriber: Sendable {
    @usableFromInline var position: Int
    @usableFromInline var missed = 0
    @usableFromInline var receivers = ReceiverLine()

    @inlinable init(position: Int) { self.position = position }
  }

  /// Waiters to resume and items to release, both outside of the mutex.
  @usableFromInline struct Effects: Sendable {
    @usableFromInline var woken = Few<Waiter.Claim>()
    @usableFromInline var dropped = Few<Element>()

    @inlinable init() {}
  }

  @usableFromInline let lag: Int
  @usableFromInline let policy: SlowConsumerPolicy
  @usableFromInline var ring = Ring<Element>()
  @usableFromInline var readers = Ring<Int>()
  @usableFromInline var first = 0
  @usableFromInline var atEnd = 0
  /// The subscribers, by the index that each subscription has for life; nil where an index is free.
  @usableFromInline var subscribers: [Subscriber?] = []
  @usableFromInline var freeIndices: [Int] = []
  /// The number of subscribers that aren't cut off.
  @usableFromInline var subscriberCount = 0
  @usableFromInline var senders = SenderLine()
  @usableFromInline var isClosed = false

  @inlinable init(lag: Int, policy: SlowConsumerPolicy) {
    self.lag = lag
    self.policy = policy
  }
  // MARK: - Send

  @inlinable mutating func send(_ item: Element, _ effects: inout Effects) -> Send {
    if isClosed { return .closed }
    var late = 0
    if ring.count == lag {
      if policy == .wait { return .full }
      late = dropFirst(&effects)
    }
    append(item, late: late, &effects)
    return .done
  }

  /// Joins the line. Called in the section that found no room.
  @inlinable mutating func waitToSend(_ item: Element, _ sender: Waiter) -> SenderLine.Token {
    senders.join(sender, item)
  }

  /// Leaves the line, and returns what was granted, or nil.
  @inlinable mutating func leave(_ token: SenderLine.Token) -> SendEnd? { senders.leave(token) }

  /// Drops an item that subscribers still need, and returns how many of them need the next one instead.
  @inlinable mutating func dropFirst(_ effects: inout Effects) -> Int {
    let count = removeFirst(&effects)
    if policy == .dropOldest { return count }
    subscriberCount -= count
    trim(&effects)
    return 0
  }

  /// - Parameter late: The number of subscribers that need the first item in place of one that was dropped.
  @inlinable mutating func append(_ item: Element, late: Int, _ effects: inout Effects) {
    let served = serveReceivers(item, &effects)
    let count = atEnd - served
    atEnd = served
    if ring.count == 0, count + late == 0 {
      first += 1
      return
    }
    ring.insert(item)
    readers.insert(count)
    readers[0] += late
  }

  /// Hands the item to the waiting receivers, and returns how many there were.
  @inlinable mutating func serveReceivers(_ item: Element, _ effects: inout Effects) -> Int {
    var served = 0
    if atEnd > 0 {
      for index in subscribers.indices {
        guard let receiver = subscribers[index]?.receivers.serveFirst(.item(item)) else { continue }
        subscribers[index]?.position += 1
        effects.woken.add(receiver.claim)
        served += 1
      }
    }
    return served
  }

  /// Lets waiting senders send for as long as there is room.
  @inlinable mutating func admitSenders(_ effects: inout Effects) {
    while ring.count < lag, let sender = senders.serveFirst(.sent) {
      append(sender.request, late: 0, &effects)
      effects.woken.add(sender.claim)
    }
  }

  // MARK: - Receive

  @inlinable mutating func receive(_ index: Int, _ effects: inout Effects) -> Receive {
    guard var position = subscribers[index]?.position else { preconditionFailure("there is no subscriber \(index)") }
    if position < first {
      if policy == .disconnect { return .tooSlow }
      subscribers[index]?.missed += first - position
      position = first
    }
    let offset = position - first
    guard offset < ring.count else { return isClosed ? .closed : .empty }
    let item = ring[offset]
    readers[offset] -= 1
    if offset + 1 < ring.count { readers[offset + 1] += 1 } else { atEnd += 1 }
    subscribers[index]?.position = position + 1
    trim(&effects)
    admitSenders(&effects)
    return .item(item)
  }

  /// Joins the subscriber's line. Called in the section that found no item.
  @inlinable mutating func waitToReceive(_ index: Int, _ receiver: Waiter) -> ReceiverLine.Token? {
    subscribers[index]?.receivers.join(receiver)
  }

  /// Leaves the line, and returns what was granted, or nil.
  @inlinable mutating func leave(_ index: Int, _ token: ReceiverLine.Token) -> ReceiveEnd? {
    subscribers[index]?.receivers.leave(token)
  }

  /// Drops the items that every subscriber has received.
  @inlinable mutating func trim(_ effects: inout Effects) {
    while ring.count > 0, readers[0] == 0 { _ = removeFirst(&effects) }
  }

  /// Removes the first item, and returns how many subscribers have yet to receive it.
  @inlinable mutating func removeFirst(_ effects: inout Effects) -> Int {
    guard let item = ring.removeNext(), let count = readers.removeNext() else { return 0 }
    effects.dropped.add(item)
    first += 1
    return count
  }
}

// MARK: - Coming and going

extension BroadcastState {
  /// Adds a subscriber, which receives what is sent from now on, and returns its index.
  mutating func subscribe() -> Int {
    let subscriber = Subscriber(position: first + ring.count)
    subscriberCount += 1
    atEnd += 1
    guard let index = freeIndices.popLast() else {
      subscribers.append(subscriber)
      return subscribers.count - 1
    }
    subscribers[index] = subscriber
    return index
  }

  mutating func unsubscribe(_ index: Int, _ effects: inout Effects) {
    guard let subscriber = subscribers[index] else { preconditionFailure("there is no subscriber \(index)") }
    subscribers[index] = nil
    freeIndices.append(index)
    if policy == .disconnect, subscriber.position < first { return }
    subscriberCount -= 1
    let offset = max(0, subscriber.position - first)
    if offset < ring.count { readers[offset] -= 1 } else { atEnd -= 1 }
    trim(&effects)
    admitSenders(&effects)
  }

  /// The number of items that a subscriber has missed.
  func missed(_ index: Int) -> Int {
    guard let subscriber = subscribers[index] else { return 0 }
    return subscriber.missed + max(0, first - subscriber.position)
  }

  /// Closes the broadcast. The items of waiting senders aren't sent; waiting receivers get nothing.
  mutating func close(_ effects: inout Effects) {
    isClosed = true
    for index in subscribers.indices {
      subscribers[index]?.receivers.serveAll(.closed, &effects.woken)
    }
    senders.serveAll(.closed, &effects.woken)
  }
}
