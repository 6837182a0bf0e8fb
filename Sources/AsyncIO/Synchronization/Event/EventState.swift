// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The state of an `Event`, as a value: whether it is set, and the line of waiters. While it is set the line is empty.
struct EventState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Void>

  private(set) var isSet = false
  private(set) var line = Line()

  /// Sets it, and frees all waiters.
  mutating func set(_ freed: inout Few<Waiter.Claim>) {
    isSet = true
    line.serveAll((), &freed)
  }

  mutating func clear() { isSet = false }

  /// Joins the line. Called in the section that found it unset.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// Leaves the line. Returns a value if the task was freed, nil otherwise.
  mutating func leave(_ token: Line.Token) -> Void? { line.leave(token) }
}
