// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The state of a `Semaphore` or a `Lock`, as a value: the number of free permits, and the line of waiters. While a
/// task waits no permit is free: a returned permit goes straight to the first in line, so no task can overtake.
struct SemaphoreState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Void>

  /// The number of free permits.
  private(set) var value: Int
  /// The most permits that may ever be free.
  let bound: Int
  private(set) var line = Line()

  init(value: Int, bound: Int = .max) {
    self.value = value
    self.bound = bound
  }

  var isLocked: Bool { value == 0 }

  /// Whether all permits are free.
  var isFull: Bool { value == bound }

  mutating func tryAcquire() -> Bool {
    guard value > 0 else { return false }
    value &-= 1
    return true
  }

  /// Joins the line. Called in the section that found no permit.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// Gives a permit back. Returns the first in line, if the permit goes there.
  mutating func release() -> Waiter.Claim? {
    if !line.isEmpty, let next = line.serveFirst(()) { return next.claim }
    value &+= 1
    return nil
  }

  /// Leaves the line. Returns a permit if the leaving task was granted one.
  mutating func leave(_ token: Line.Token) -> Void? { line.leave(token) }
}
