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

/// Places in a line. `Waiter` is who stands there, `Request` what they want, `Grant` what they get.
struct WaitQueue<Waiter: Sendable, Request: Sendable, Grant: Sendable>: Sendable {
  /// A place in the line. It belongs to one wait.
  struct Token: Hashable, Sendable {
    fileprivate let index: Int32
    fileprivate let generation: UInt32
  }

  private enum State: Sendable {
    case free
    case waiting(Waiter, Request)
    case granted(Grant)
    case passedOver
  }

  private struct Place: Sendable {
    var state: State
    var generation: UInt32
    /// In the line while waiting, else in the list of free places.
    var next: Int32
    var previous: Int32
  }

  private static var none: Int32 { -1 }

  private var places: [Place] = []
  private var head = none
  private var tail = none
  private var firstFree = none

  /// How many wait.
  private(set) var count = 0

  init() {}

  var isEmpty: Bool { count == 0 }

  /// What the first in line wants.
  var first: Request? {
    guard head != Self.none, case .waiting(_, let request) = places[Int(head)].state else { return nil }
    return request
  }

  /// Joins the end of the line.
  mutating func join(_ waiter: Waiter, _ request: Request) -> Token {
    let index = allocate(.waiting(waiter, request))
    places[Int(index)].previous = tail
    if tail == Self.none { head = index } else { places[Int(tail)].next = index }
    tail = index
    count += 1
    return Token(index: index, generation: places[Int(index)].generation)
  }

  /// Grants something to the first in line, who is then to be resumed; nil if nobody waits.
  mutating func grantFirst(_ grant: Grant) -> Granted? {
    guard head != Self.none, case .waiting(let waiter, _) = places[Int(head)].state else { return nil }
    let index = head
    unlink(index)
    places[Int(index)].state = .granted(grant)
    return Granted(waiter: waiter, token: Token(index: index, generation: places[Int(index)].generation))
  }

  /// Who was granted something, and is to be told.
  struct Granted: Sendable {
    let waiter: Waiter
    let token: Token
  }

  /// Takes back what was granted to a task that had been cancelled before.
  mutating func takeBack(_ token: Token) -> Grant {
    guard isValid(token), case .granted(let grant) = places[Int(token.index)].state else {
      preconditionFailure("nothing was granted to this place in the line")
    }
    places[Int(token.index)].state = .passedOver
    return grant
  }

  /// Leaves the line, and returns what was granted; nil if nothing was.
  mutating func leave(_ token: Token) -> Grant? {
    precondition(isValid(token), "this place in the line was left before")
    let state = places[Int(token.index)].state
    if case .waiting = state { unlink(token.index) }
    release(token.index)
    if case .granted(let grant) = state { return grant }
    return nil
  }

  // MARK: - Places

  private func isValid(_ token: Token) -> Bool { places[Int(token.index)].generation == token.generation }

  private mutating func allocate(_ state: State) -> Int32 {
    guard firstFree != Self.none else {
      places.append(Place(state: state, generation: 0, next: Self.none, previous: Self.none))
      return Int32(places.count - 1)
    }
    let index = firstFree
    firstFree = places[Int(index)].next
    places[Int(index)].state = state
    places[Int(index)].next = Self.none
    return index
  }

  private mutating func release(_ index: Int32) {
    places[Int(index)].state = .free
    places[Int(index)].generation &+= 1
    places[Int(index)].next = firstFree
    places[Int(index)].previous = Self.none
    firstFree = index
  }

  private mutating func unlink(_ index: Int32) {
    let place = places[Int(index)]
    if place.previous == Self.none { head = place.next } else { places[Int(place.previous)].next = place.next }
    if place.next == Self.none { tail = place.previous } else { places[Int(place.next)].previous = place.previous }
    places[Int(index)].next = Self.none
    places[Int(index)].previous = Self.none
    count -= 1
  }
}
