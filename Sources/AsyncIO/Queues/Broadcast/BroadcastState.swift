// SPDX-License-Identifier: Apache-2.0
// Items are numbered as they are sent. Those that somebody has yet to receive are kept once, for all, in a ring; a
// subscriber is a position, the number of the item that it receives next.
//
//   first              first + ring.count, the end
//     |  item  item  item  |
//
// `readers` counts for each item in the ring the subscribers whose next it is, and `atEnd` those who have received all.
// The first item always has a reader: what nobody needs any more is dropped. So the ring is full, with `lag` items, only
// because of the subscribers at its first, and it is known without a search who is slow and whether anybody is.
//
// A subscriber that misses an item isn't touched for that: it is found to stand before the first item when it looks
// next, and is counted with the readers of the first one meanwhile, or with nobody if it is cut off.
//
// A subscriber that waits is handed its item, as in a queue: see HandoverState. The line to receive of a subscriber is
// empty unless it is at the end, and the line to send is empty unless the ring is full.

public import AsyncIOCore

/// What a broadcast knows, as a value.
@usableFromInline struct BroadcastState<Element: Sendable, Waiter: LineWaiter>: Sendable {
  @usableFromInline typealias SenderLine = Line<Waiter, Element, SendEnd>
  @usableFromInline typealias ReceiverLine = Line<Waiter, Void, ReceiveEnd>

  /// How a wait to send ends.
  @usableFromInline enum SendEnd: Sendable { case sent, closed }

  /// How a wait to receive ends.
  @usableFromInline enum ReceiveEnd: Sendable { case item(Element), closed, tooSlow }

  /// What came of sending.
  @usableFromInline enum Send: Sendable { case done, full, closed }

  /// What came of receiving.
  @usableFromInline enum Receive: Sendable { case item(Element), empty, closed, tooSlow }

  @usableFromInline struct Subscriber: Sendable {
    @usableFromInline var position: Int
    @usableFromInline var missed = 0
    @usableFromInline var receivers = ReceiverLine()

    @inlinable init(position: Int) { self.position = position }
  }

  /// Those who are to be resumed, and items to let go of outside of the mutex.
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
  /// By the index that a subscription has for as long as it exists; nil if none has it.
  @usableFromInline var subscribers: [Subscriber?] = []
  @usableFromInline var freeIndices: [Int] = []
  /// Those who are subscribed and not cut off.
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

  /// Joins the line, in the section that found no room.
  @inlinable mutating func waitToSend(_ item: Element, _ sender: Waiter) -> SenderLine.Token {
    senders.join(sender, item)
  }

  /// Leaves the line, with what was granted; nil if nothing was.
  @inlinable mutating func leave(_ token: SenderLine.Token) -> SendEnd? { senders.leave(token) }

  /// Drops an item that somebody needs, and returns how many now need the next one in its stead.
  @inlinable mutating func dropFirst(_ effects: inout Effects) -> Int {
    let count = removeFirst(&effects)
    if policy == .dropOldest { return count }
    subscriberCount -= count
    trim(&effects)
    return 0
  }

  /// - Parameter late: How many need the first item in place of one that was dropped.
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

  /// Hands the item to those who wait, and returns how many did.
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

  /// Lets those send who wait to, for as long as there is room.
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

  /// Joins the subscriber's line, in the section that found no item.
  @inlinable mutating func waitToReceive(_ index: Int, _ receiver: Waiter) -> ReceiverLine.Token? {
    subscribers[index]?.receivers.join(receiver)
  }

  /// Leaves the line, with what was granted; nil if nothing was.
  @inlinable mutating func leave(_ index: Int, _ token: ReceiverLine.Token) -> ReceiveEnd? {
    subscribers[index]?.receivers.leave(token)
  }

  /// Drops what nobody needs any more.
  @inlinable mutating func trim(_ effects: inout Effects) {
    while ring.count > 0, readers[0] == 0 { _ = removeFirst(&effects) }
  }

  /// Returns how many have yet to receive what was removed.
  @inlinable mutating func removeFirst(_ effects: inout Effects) -> Int {
    guard let item = ring.removeNext(), let count = readers.removeNext() else { return 0 }
    effects.dropped.add(item)
    first += 1
    return count
  }
}

// MARK: - Coming and going

extension BroadcastState {
  /// The index of a new subscriber, who receives what is sent from now on.
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

  /// How many items a subscriber has missed.
  func missed(_ index: Int) -> Int {
    guard let subscriber = subscribers[index] else { return 0 }
    return subscriber.missed + max(0, first - subscriber.position)
  }

  /// From now on nothing can be sent. Those who wait to send have not sent it; those who wait to receive get nothing.
  mutating func close(_ effects: inout Effects) {
    isClosed = true
    for index in subscribers.indices {
      subscribers[index]?.receivers.serveAll(.closed, &effects.woken)
    }
    senders.serveAll(.closed, &effects.woken)
  }
}
