// SPDX-License-Identifier: Apache-2.0
// The core of every queue and channel: items, and three lines of tasks. They wait to put, to get, or until all work is
// done. It is a value without locks, so that tests can try every order of events on it. `Handover` keeps it behind a
// mutex.
//
// Items are handed over. An item that is put while a getter waits is the getter's from then on. An item that waits for
// room moves in when room is made, by the task that makes it. So no task can overtake, and between two sections
//
//   - the line to get is empty if there is an item, and
//   - the line to put is empty if there is room.
//
// A task that is cancelled while it waits stands in its line until it has left. A section that has something for it
// passes it over if it sees the cancellation; see LineWait.

public import AsyncIOCore

/// Passes items from putters to getters. With a capacity of 0 they have to meet: an item is put when it is gotten.
@usableFromInline struct HandoverState<Items: QueueOrder, Waiter: LineWaiter>: Sendable {
  @usableFromInline typealias Element = Items.Element
  @usableFromInline typealias PutterLine = Line<Waiter, Element, PutEnd>
  @usableFromInline typealias GetterLine = Line<Waiter, Void, GetEnd>
  typealias JoinerLine = Line<Waiter, Void, Void>

  /// How a wait to put ends.
  @usableFromInline enum PutEnd: Sendable { case put, closed }

  /// How a wait to get ends.
  @usableFromInline enum GetEnd: Sendable { case item(Element), closed }

  /// The outcome of a put, with the getter to resume.
  @usableFromInline enum Put: Sendable { case done(Waiter.Claim?), full, closed }

  /// The outcome of a get, with the putter to resume.
  @usableFromInline enum Get: Sendable { case item(Element, Waiter.Claim?), empty, closed }

  @usableFromInline let capacity: Int
  @usableFromInline var items = Items()
  @usableFromInline var putters = PutterLine()
  @usableFromInline var getters = GetterLine()
  @usableFromInline var joiners = Line<Waiter, Void, Void>()
  @usableFromInline var isClosed = false
  /// The number of items that were put and not counted as done yet.
  @usableFromInline var unfinished = 0
  @usableFromInline var peak = 0
  @usableFromInline var totalPut = 0
  @usableFromInline var totalGot = 0

  @inlinable init(capacity: Int) { self.capacity = capacity }

  // MARK: - Put and get

  @inlinable mutating func put(_ item: Element) -> Put {
    if isClosed { return .closed }
    if let getter = getters.serveFirst(.item(item)) {
      countPut()
      totalGot += 1
      return .done(getter.claim)
    }
    guard items.count < capacity else { return .full }
    insert(item)
    return .done(nil)
  }

  @inlinable mutating func get() -> Get {
    if let item = items.removeNext() {
      totalGot += 1
      guard let putter = putters.serveFirst(.put) else { return .item(item, nil) }
      insert(putter.request)
      return .item(item, putter.claim)
    }
    if let putter = putters.serveFirst(.put) {
      countPut()
      totalGot += 1
      return .item(putter.request, putter.claim)
    }
    return isClosed ? .closed : .empty
  }

  /// Joins the line. Called in the section that found no room.
  @inlinable mutating func waitToPut(_ item: Element, _ putter: Waiter) -> PutterLine.Token {
    putters.join(putter, item)
  }

  /// Joins the line. Called in the section that found no item.
  @inlinable mutating func waitToGet(_ getter: Waiter) -> GetterLine.Token { getters.join(getter) }

  /// Leaves the line, and returns what was granted, or nil.
  @inlinable mutating func leave(_ token: PutterLine.Token) -> PutEnd? { putters.leave(token) }

  @inlinable mutating func leave(_ token: GetterLine.Token) -> GetEnd? { getters.leave(token) }

  @inlinable mutating func insert(_ item: Element) {
    items.insert(item)
    peak = max(peak, items.count)
    countPut()
  }

  @inlinable mutating func countPut() {
    totalPut += 1
    unfinished += 1
  }

  // MARK: - The work

  /// Counts one item as done. Returns false if all were counted already.
  @inlinable mutating func finishOne(_ woken: inout Few<Waiter.Claim>) -> Bool {
    guard unfinished > 0 else { return false }
    unfinished -= 1
    if unfinished == 0 { grantJoiners(&woken) }
    return true
  }

  /// Joins the line. Called in the section that found work unfinished.
  mutating func waitUntilFinished(_ joiner: Waiter) -> JoinerLine.Token { joiners.join(joiner) }

  mutating func leave(_ token: JoinerLine.Token) -> Void? { joiners.leave(token) }

  @usableFromInline mutating func grantJoiners(_ woken: inout Few<Waiter.Claim>) { joiners.serveAll((), &woken) }

  // MARK: - The end

  /// Refuses further items. Waiting putters haven't put theirs; waiting getters get nothing.
  mutating func close(_ woken: inout Few<Waiter.Claim>) {
    isClosed = true
    getters.serveAll(.closed, &woken)
    putters.serveAll(.closed, &woken)
  }

  /// Takes out the items inside. They count as done.
  mutating func dropItems(_ woken: inout Few<Waiter.Claim>) -> Items {
    let dropped = items
    items = Items()
    unfinished = max(0, unfinished - dropped.count)
    if unfinished == 0 { grantJoiners(&woken) }
    return dropped
  }
}
