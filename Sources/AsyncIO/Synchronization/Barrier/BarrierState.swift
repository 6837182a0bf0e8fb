// SPDX-License-Identifier: Apache-2.0
// CPython's barrier drains: the last to come opens it, those who wait go through one by one, and until all have, it lets
// nobody in, and a reset catches those who aren't through yet. Here a barrier opens in one step. When the last has come
// all have their number, and the barrier is empty: whoever comes then belongs to the next round, and no reset, abort or
// cancellation undoes that some have passed while others haven't.

/// What a `Barrier` knows, as a value.
struct BarrierState<Waiter: Sendable>: Sendable {
  /// How a wait ends, other than by cancellation.
  enum Outcome: Hashable, Sendable {
    case passes(index: Int)
    case broken(BrokenBarrierError.Reason)
  }

  typealias Line = WaitQueue<Waiter, Void, Outcome>

  /// Where somebody is who has come.
  enum Place: Sendable {
    case inLine(Line.Token)
    /// They don't have to wait.
    case through(Outcome)
  }

  let parties: Int
  private(set) var isBroken = false
  private(set) var line = Line()

  init(parties: Int) { self.parties = parties }

  /// For a task that comes: what becomes of it, if that is clear without waiting, and who may go on.
  mutating func arrive() -> (outcome: Outcome?, released: [Line.Granted]) {
    if isBroken { return (.broken(.aborted), []) }
    guard line.count == parties - 1 else { return (nil, []) }
    var released: [Line.Granted] = []
    released.reserveCapacity(line.count)
    while let next = line.grantFirst(.passes(index: released.count)) { released.append(next) }
    return (.passes(index: released.count), released)
  }

  /// For a task that was to wait. It may not have to any more.
  mutating func join(_ waiter: Waiter) -> (place: Place, released: [Line.Granted]) {
    let (outcome, released) = arrive()
    if let outcome { return (.through(outcome), released) }
    return (.inLine(line.join(waiter, ())), [])
  }

  /// Returns who is to be told that the barrier was reset.
  mutating func reset() -> [Line.Granted] {
    isBroken = false
    return breakUp(.reset)
  }

  /// Returns who is to be told that the barrier was aborted.
  mutating func abort() -> [Line.Granted] {
    isBroken = true
    return breakUp(.aborted)
  }

  /// The task had been cancelled when it was told that the barrier is broken: it isn't told.
  mutating func takeBack(_ granted: Line.Granted) { _ = line.takeBack(granted.token) }

  /// What became of the task that leaves; nil if nothing did.
  mutating func leave(_ place: Place) -> Outcome? {
    switch place {
    case .inLine(let token): line.leave(token)
    case .through(let outcome): outcome
    }
  }

  private mutating func breakUp(_ reason: BrokenBarrierError.Reason) -> [Line.Granted] {
    var told: [Line.Granted] = []
    while let next = line.grantFirst(.broken(reason)) { told.append(next) }
    return told
  }
}
