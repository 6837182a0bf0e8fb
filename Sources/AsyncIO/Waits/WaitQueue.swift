// SPDX-License-Identifier: Apache-2.0
// The line that tasks stand in at a lock, a queue, a barrier: first come, first served. A value without locks, so that
// every order of events can be tried on it; whoever owns it keeps it behind a mutex.
//
// A place in the line lives until its task has left, and is in one of three states:
//
//   waiting --grantFirst--> granted --takeBack--> passed over
//
// `leave` ends each. A waiting place is simply given up, in the middle of the line too, in constant time: the places are
// a slab of doubly linked entries, which is reused, so that standing in line allocates nothing once it has been as long.

// `@inlinable`: a queue's requests and grants are items of the users' types, and unspecialized this costs twenty times
// as much.

/// Places in a line. `Waiter` is who stands there, `Request` what they want, `Grant` what they get.
@usableFromInline struct WaitQueue<Waiter: Sendable, Request: Sendable, Grant: Sendable>: Sendable {
  /// A place in the line. It belongs to one wait.
  @usableFromInline struct Token: Hashable, Sendable {
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

  /// How many wait.
  @usableFromInline var count = 0

  @inlinable init() {}

  @inlinable var isEmpty: Bool { count == 0 }

  /// What the first in line wants.
  @inlinable var first: Request? {
    guard head != Self.none, case .waiting(_, let request) = places[Int(head)].state else { return nil }
    return request
  }

  /// Joins the end of the line.
  @inlinable mutating func join(_ waiter: Waiter, _ request: Request) -> Token {
    let index = allocate(.waiting(waiter, request))
    places[Int(index)].previous = tail
    if tail == Self.none { head = index } else { places[Int(tail)].next = index }
    tail = index
    count += 1
    return Token(index: index, generation: places[Int(index)].generation)
  }

  /// Grants something to the first in line, who is then to be resumed; nil if nobody waits.
  @inlinable mutating func grantFirst(_ grant: Grant) -> Granted? {
    guard head != Self.none, case .waiting(let waiter, _) = places[Int(head)].state else { return nil }
    let index = head
    unlink(index)
    places[Int(index)].state = .granted(grant)
    return Granted(waiter: waiter, token: Token(index: index, generation: places[Int(index)].generation))
  }

  /// Who was granted something, and is to be told.
  @usableFromInline struct Granted: Sendable {
    @usableFromInline let waiter: Waiter
    @usableFromInline let token: Token

    @inlinable init(waiter: Waiter, token: Token) {
      self.waiter = waiter
      self.token = token
    }
  }

  /// Takes back what was granted to a task that had been cancelled before.
  @inlinable mutating func takeBack(_ token: Token) -> Grant {
    guard isValid(token), case .granted(let grant) = places[Int(token.index)].state else {
      preconditionFailure("nothing was granted to this place in the line")
    }
    places[Int(token.index)].state = .passedOver
    return grant
  }

  /// Leaves the line, and returns what was granted; nil if nothing was.
  @inlinable mutating func leave(_ token: Token) -> Grant? {
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
    count -= 1
  }
}
