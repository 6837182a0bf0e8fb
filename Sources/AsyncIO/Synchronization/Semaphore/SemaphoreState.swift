// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What a `Semaphore` or a `Lock` knows, as a value: how many permits are free, and who waits for one. While a task waits
/// none is free: a permit that comes back goes to the first in line without becoming free in between, so no task can
/// overtake.
struct SemaphoreState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Void>

  /// The permits that are free.
  private(set) var value: Int
  /// As many as there may ever be.
  let bound: Int
  private(set) var line = Line()

  init(value: Int, bound: Int = .max) {
    self.value = value
    self.bound = bound
  }

  var isLocked: Bool { value == 0 }

  /// Whether each permit that there may be is free already.
  var isFull: Bool { value == bound }

  mutating func tryAcquire() -> Bool {
    guard value > 0 else { return false }
    value &-= 1
    return true
  }

  /// Joins the line, in the section that found no permit.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// Gives a permit back. Returns the first in line, if it goes there.
  mutating func release() -> Waiter.Claim? {
    if !line.isEmpty, let next = line.serveFirst(()) { return next.claim }
    value &+= 1
    return nil
  }

  /// A permit, if the task that leaves was granted one.
  mutating func leave(_ token: Line.Token) -> Void? { line.leave(token) }
}
