// SPDX-License-Identifier: Apache-2.0
// The line that tasks wait in at a lock, a queue, a barrier: first come, first served. It is a value without locks, so
// that tests can try every order of events. Its owner keeps it behind a mutex.
//
// A place in the line lives until its task leaves, and is in one of three states:
//
//   waiting --serveFirst--> granted
//      \------serveFirst--> passed over, if the task is known to be cancelled
//
// `leave` ends each. A waiting place may be given up anywhere in the line, in constant time: places are a slab of
// doubly linked entries, which are reused. So a line allocates nothing until it is longer than ever before.
//
// Nothing is granted to a task that has left. Before it grants something, `serveFirst` *claims* the wait of the first
// in line, and passes over a wait that is over. See `LineWait` for the guarantees of a claim.

// `@inlinable`: a queue's requests and grants are items of the users' types, and unspecialized code costs twenty times
// as much.
// Benchmark: queue.

/// Waits in a line for a task. `LineWait` does; tests have a waiter of their own.
@usableFromInline package protocol LineWaiter: Sendable {
  associatedtype Claim: Sendable

  /// Claims the right to end the wait, once the mutex is released. Nil if the task was cancelled before it was granted
  /// anything, as far as the calling thread can tell.
  func claim() -> Claim?

  /// The right to end the wait of a task that gets its grant even if it was cancelled before.
  var claimOfAnyone: Claim { get }
}

/// Places in a line. `Waiter` waits there, `Request` is what it asks for, `Grant` what it gets.
@usableFromInline package struct Line<Waiter: LineWaiter, Request: Sendable, Grant: Sendable>: Sendable {
  /// A place in the line, which belongs to one wait.
  @usableFromInline package struct Token: Hashable, Sendable {
    @usableFromInline let index: Int32
    @usableFromInline let generation: UInt32

    @inlinable init(index: Int32, generation: UInt32) {
      self.index = index
      self.generation = generation
    }
  }

  @usableFromInline enum State: Sendable {
    case free
    case waiting(Waiter, Request)
    case granted(Grant)
    case passedOver
  }

  @usableFromInline struct Place: Sendable {
    @usableFromInline var state: State
    @usableFromInline var generation: UInt32 = 0
    /// The next place: in the line while waiting, else in the list of free places.
    @usableFromInline var next = none
    @usableFromInline var previous = none

    @inlinable init(_ state: State) { self.state = state }
  }

  @inlinable static var none: Int32 { -1 }

  @usableFromInline var places: [Place] = []
  @usableFromInline var head = none
  @usableFromInline var tail = none
  @usableFromInline var firstFree = none
  @usableFromInline var waiting: Int32 = 0

  @inlinable package init() {}

  /// The number of waiters.
  @inlinable package var count: Int { Int(waiting) }

  @inlinable package var isEmpty: Bool { waiting == 0 }

  /// Joins the end of the line.
  @inlinable package mutating func join(_ waiter: Waiter, _ request: Request) -> Token {
    let index = allocate(.waiting(waiter, request))
    places[Int(index)].previous = tail
    if tail == Self.none { head = index } else { places[Int(tail)].next = index }
    tail = index
    waiting += 1
    return Token(index: index, generation: places[Int(index)].generation)
  }

  /// Grants something to the first in line that is not gone, and passes over those that are.
  ///
  /// - Parameter evenIfCancelled: Whether to serve a cancelled task that has not left yet.
  /// - Returns: The right to end the wait, and the request; nil without a waiter.
  @inlinable package mutating func serveFirst(
    _ grant: Grant, evenIfCancelled: Bool = false
  ) -> (claim: Waiter.Claim, request: Request)? {
    while head != Self.none, case .waiting(let waiter, let request) = places[Int(head)].state {
      let index = head
      unlink(index)
      guard let claim = evenIfCancelled ? waiter.claimOfAnyone : waiter.claim() else {
        places[Int(index)].state = .passedOver
        continue
      }
      places[Int(index)].state = .granted(grant)
      return (claim, request)
    }
    return nil
  }

  /// Grants something to all in line that are not gone.
  @inlinable package mutating func serveAll(_ grant: Grant, _ claims: inout Few<Waiter.Claim>) {
    while let served = serveFirst(grant) { claims.add(served.claim) }
  }

  /// Leaves the line, and returns what was granted; nil if nothing was.
  @inlinable package mutating func leave(_ token: Token) -> Grant? {
    precondition(isValid(token), "this place in the line was left before")
    let state = places[Int(token.index)].state
    if case .waiting = state { unlink(token.index) }
    release(token.index)
    if case .granted(let grant) = state { return grant }
    return nil
  }

  // MARK: - Places

  @inlinable func isValid(_ token: Token) -> Bool { places[Int(token.index)].generation == token.generation }

  @inlinable mutating func allocate(_ state: State) -> Int32 {
    guard firstFree != Self.none else {
      places.append(Place(state))
      return Int32(places.count - 1)
    }
    let index = firstFree
    firstFree = places[Int(index)].next
    places[Int(index)].state = state
    places[Int(index)].next = Self.none
    return index
  }

  @inlinable mutating func release(_ index: Int32) {
    places[Int(index)].state = .free
    places[Int(index)].generation &+= 1
    places[Int(index)].next = firstFree
    places[Int(index)].previous = Self.none
    firstFree = index
  }

  @inlinable mutating func unlink(_ index: Int32) {
    let place = places[Int(index)]
    if place.previous == Self.none { head = place.next } else { places[Int(place.previous)].next = place.next }
    if place.next == Self.none { tail = place.previous } else { places[Int(place.next)].previous = place.previous }
    places[Int(index)].next = Self.none
    places[Int(index)].previous = Self.none
    waiting -= 1
  }
}

extension Line where Request == Void {
  @inlinable package mutating func join(_ waiter: Waiter) -> Token { join(waiter, ()) }
}

/// A list whose first element needs no memory of its own: there is seldom a second.
@usableFromInline package struct Few<Element: Sendable>: Sendable {
  @usableFromInline var first: Element?
  @usableFromInline var others: [Element] = []

  @inlinable package init() {}

  @inlinable package mutating func add(_ element: Element) {
    if first == nil { first = element } else { others.append(element) }
  }

  @inlinable package func forEach(_ body: (Element) -> Void) {
    if let first { body(first) }
    others.forEach(body)
  }
}
