// SPDX-License-Identifier: Apache-2.0

/// What a `Condition` knows beside its lock, as a value: who waits to be notified.
struct ConditionState<Waiter: Sendable>: Sendable {
  typealias Line = WaitQueue<Waiter, Void, Void>

  private(set) var line = Line()

  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter, ()) }

  /// Notifies the first in line; nil if nobody waits.
  mutating func notify() -> Line.Granted? { line.grantFirst(()) }

  /// The task that was notified had left before: the notification goes to the next.
  mutating func passOver(_ granted: Line.Granted) -> Line.Granted? {
    line.takeBack(granted.token)
    return notify()
  }

  /// Whether the task that leaves was notified.
  mutating func leave(_ token: Line.Token) -> Bool { line.leave(token) != nil }
}
