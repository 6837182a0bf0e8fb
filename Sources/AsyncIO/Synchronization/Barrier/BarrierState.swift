// SPDX-License-Identifier: Apache-2.0
// CPython's barrier drains: the last to come opens it, those who wait go through one by one, and until all have, it lets
// no task in, and a reset catches those that aren't through yet. Here a barrier opens in one step. When the last has come
// all have their number, and the barrier is empty: a task that comes then belongs to the next round, and no reset, abort
// or cancellation undoes that some have passed while others haven't. A task that is cancelled then passes too: the others
// have counted on it.

import AsyncIOCore

/// What a `Barrier` knows, as a value.
struct BarrierState<Waiter: LineWaiter>: Sendable {
  /// How a wait ends, other than by cancellation.
  enum Outcome: Hashable, Sendable {
    case passes(index: Int)
    case broken(BrokenBarrierError.Reason)
  }

  typealias Line = AsyncIOCore.Line<Waiter, Void, Outcome>

  let parties: Int
  private(set) var isBroken = false
  private(set) var line = Line()

  init(parties: Int) { self.parties = parties }

  /// What becomes of a task that comes; nil if it is to join the line.
  mutating func arrive(_ released: inout Few<Waiter.Claim>) -> Outcome? {
    if isBroken { return .broken(.aborted) }
    guard line.count == parties - 1 else { return nil }
    var index = 0
    while let next = line.serveFirst(.passes(index: index), evenIfCancelled: true) {
      released.add(next.claim)
      index += 1
    }
    return .passes(index: index)
  }

  /// Joins the line, in the section in which it arrived.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  mutating func reset(_ told: inout Few<Waiter.Claim>) {
    isBroken = false
    line.serveAll(.broken(.reset), &told)
  }

  mutating func abort(_ told: inout Few<Waiter.Claim>) {
    isBroken = true
    line.serveAll(.broken(.aborted), &told)
  }

  /// What became of the task that leaves; nil if nothing did.
  mutating func leave(_ token: Line.Token) -> Outcome? { line.leave(token) }
}
