// SPDX-License-Identifier: Apache-2.0
// What every queue and channel is: items, a line of those who wait to put one, a line of those who wait to get one, and
// a line of those who wait until all work is done. A value without locks, so that every order of events can be tried on
// it; `Handover` keeps it behind a mutex.
//
// Items are handed over: one that is put while somebody waits for it is theirs from then on, and one that waits for
// room moves in when the room is made, by whoever makes it. So nobody can overtake, and between two sections
//
//   - the line to get is empty if there is an item, and
//   - the line to put is empty if there is room.
//
// A task that was cancelled while it waits stands in its line until it has left. It is passed over where that is known,
// within the section that has something for it; see LineWait.

public import AsyncIOCore

/// What passes items from those who put to those who get. With no room at all (a capacity of 0) they have to meet: an
/// item is put when it is gotten.
@usableFromInline struct HandoverState<Items: QueueOrder, Waiter: LineWaiter>: Sendable {
  @usableFromInline typealias Element = Items.Element
  @usableFromInline typealias PutterLine = Line<Waiter, Element, PutEnd>
  @usableFromInline typealias GetterLine = Line<Waiter, Void, GetEnd>
  typealias JoinerLine = Line<Waiter, Void, Void>

  /// How a wait to put ends.
  @usableFromInline enum PutEnd: Sendable { case put, closed }

  /// How a wait to get ends.
  @usableFromInline enum GetEnd: Sendable { case item(Element), closed }

  /// What came of a put, and the getter that is to be resumed.
  @usableFromInline enum Put: Sendable { case done(Waiter.Claim?), full, closed }

  /// What came of a get, and the putter that is to be resumed.
  @usableFromInline enum Get: Sendable { case item(Element, Waiter.Claim?), empty, closed }

  @usableFromInline let capacity: Int
  @usableFromInline var items = Items()
  @usableFromInline var putters = PutterLine()
  @usableFromInline var getters = GetterLine()
  @usableFromInline var joiners = Line<Waiter, Void, Void>()
  @usableFromInline var isClosed = false
  /// Items that were put and of which nobody has said yet that they are done with.
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

  /// Joins the line, in the section that found no room.
  @inlinable mutating func waitToPut(_ item: Element, _ putter: Waiter) -> PutterLine.Token {
    putters.join(putter, item)
  }

  /// Joins the line, in the section that found no item.
  @inlinable mutating func waitToGet(_ getter: Waiter) -> GetterLine.Token { getters.join(getter) }

  /// Leaves the line, with what was granted; nil if nothing was.
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

  /// Says of one item that nothing more will be done with it. False if that was said of all.
  @inlinable mutating func finishOne(_ woken: inout Few<Waiter.Claim>) -> Bool {
    guard unfinished > 0 else { return false }
    unfinished -= 1
    if unfinished == 0 { grantJoiners(&woken) }
    return true
  }

  /// Joins the line, in the section that found work unfinished.
  mutating func waitUntilFinished(_ joiner: Waiter) -> JoinerLine.Token { joiners.join(joiner) }

  mutating func leave(_ token: JoinerLine.Token) -> Void? { joiners.leave(token) }

  @usableFromInline mutating func grantJoiners(_ woken: inout Few<Waiter.Claim>) { joiners.serveAll((), &woken) }

  // MARK: - The end

  /// From now on nothing can be put. Those who wait to put have not put it, and those who wait to get get nothing.
  mutating func close(_ woken: inout Few<Waiter.Claim>) {
    isClosed = true
    getters.serveAll(.closed, &woken)
    putters.serveAll(.closed, &woken)
  }

  /// Takes out the items that nobody got. They count as done with.
  mutating func dropItems(_ woken: inout Few<Waiter.Claim>) -> Items {
    let dropped = items
    items = Items()
    unfinished = max(0, unfinished - dropped.count)
    if unfinished == 0 { grantJoiners(&woken) }
    return dropped
  }
}
