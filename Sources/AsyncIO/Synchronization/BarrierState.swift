// SPDX-License-Identifier: Apache-2.0
// CPython's barrier drains. The last task to arrive opens it, and the waiting tasks go through one by one. Until all
// have gone, it lets no task in, and a reset catches those that aren't through yet. Here a barrier opens in one step:
// when the last task has arrived, all have their numbers and the barrier is empty. A task that arrives then belongs to
// the next round. No reset, abort or cancellation can split a round: a task that is cancelled then passes too, since
// the others have counted on it.

import AsyncIOCore

/// The state of a `Barrier`, as a value.
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

  /// Counts a task that arrives. Returns its outcome; nil if it is to join the line.
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

  /// Joins the line. Called in the section in which it arrived.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  mutating func reset(_ told: inout Few<Waiter.Claim>) {
    isBroken = false
    line.serveAll(.broken(.reset), &told)
  }

  mutating func abort(_ told: inout Few<Waiter.Claim>) {
    isBroken = true
    line.serveAll(.broken(.aborted), &told)
  }

  /// Leaves the line, and returns the task's outcome; nil before it has one.
  mutating func leave(_ token: Line.Token) -> Outcome? { line.leave(token) }
}
