// SPDX-License-Identifier: Apache-2.0
// The line that tasks stand in at a lock, a queue, a barrier: first come, first served. A value without locks, so that
// every order of events can be tried on it; its owner keeps it behind a mutex.
//
// A place in the line lives until its task has left, and is in one of three states:
//
//   waiting --serveFirst--> granted
//      \------serveFirst--> passed over, if the task is known to be cancelled
//
// `leave` ends each. A waiting place is simply given up, in the middle of the line too, in constant time: the places are
// a slab of doubly linked entries, which is reused, so that standing in line allocates nothing once it has been as long.
//
// Nothing is granted to a task that has left. Before it grants something, `serveFirst` *claims* the wait of the first in
// line, and passes over a wait that is over. See `LineWait` for what a claim guarantees.

// `@inlinable`: a queue's requests and grants are items of the users' types, and unspecialized this costs twenty times
// as much.

/// Stands in a line for a task. `LineWait` does; tests have a waiter of their own.
@usableFromInline package protocol LineWaiter: Sendable {
  associatedtype Claim: Sendable

  /// The right to end the wait, after the mutex was let go; nil if the task was cancelled before it was granted anything,
  /// as far as the calling thread can tell.
  func claim() -> Claim?

  /// The right to end the wait of a task that is granted something even if it was cancelled before.
  var claimOfAnyone: Claim { get }
}

/// Places in a line. `Waiter` is who stands there, `Request` what they want, `Grant` what they get.
@usableFromInline package struct Line<Waiter: LineWaiter, Request: Sendable, Grant: Sendable>: Sendable {
  /// A place in the line. It belongs to one wait.
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
    /// In the line while waiting, else in the list of free places.
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

  /// How many wait.
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

  /// Grants something to the first in line who isn't gone, and passes over those who are.
  ///
  /// - Parameter evenIfCancelled: Whether a cancelled task that has not left yet is served too.
  /// - Returns: The right to end the wait, and what was wanted; nil if nobody waits.
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

  /// Grants something to everybody in line who isn't gone.
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

/// A list of which the first element needs no memory of its own: there is seldom another.
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
