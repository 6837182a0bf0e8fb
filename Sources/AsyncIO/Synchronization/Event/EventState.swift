// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What an `Event` knows, as a value: whether it is set, and who waits for that. While it is set the line is empty.
struct EventState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Void>

  private(set) var isSet = false
  private(set) var line = Line()

  /// Frees all who wait.
  mutating func set(_ freed: inout Few<Waiter.Claim>) {
    isSet = true
    line.serveAll((), &freed)
  }

  mutating func clear() { isSet = false }

  /// Joins the line, in the section that found it unset.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// Something if the task that leaves was freed.
  mutating func leave(_ token: Line.Token) -> Void? { line.leave(token) }
}
