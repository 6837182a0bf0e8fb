// SPDX-License-Identifier: Apache-2.0

/// What an `Event` knows, as a value: whether it is set, and who waits for that.
///
/// `set` frees all who wait at that moment, one after the other, and meanwhile the event may be cleared and others may
/// come to wait, on other threads. So whoever waits stands in line with the number of the round they came in; `set` ends
/// the round, and frees those of earlier rounds. They are the first in line.
struct EventState<Waiter: Sendable>: Sendable {
  typealias Line = WaitQueue<Waiter, UInt64, Void>

  private(set) var isSet = false
  private(set) var line = Line()
  private var round: UInt64 = 0

  /// Returns who is freed first; `next` and `passOver` return the others.
  mutating func set() -> Line.Granted? {
    guard !isSet else { return nil }
    isSet = true
    round += 1
    return next()
  }

  mutating func clear() { isSet = false }

  /// Nil if there is nothing to wait for: it is set by now.
  mutating func join(_ waiter: Waiter) -> Line.Token? { isSet ? nil : line.join(waiter, round) }

  /// Who is freed next; nil if all are whom `set` found.
  mutating func next() -> Line.Granted? {
    guard let came = line.first, came < round else { return nil }
    return line.grantFirst(())
  }

  /// The task that was freed had left before: returns who is next.
  mutating func passOver(_ granted: Line.Granted) -> Line.Granted? {
    line.takeBack(granted.token)
    return next()
  }

  /// Whether the task that leaves was freed.
  mutating func leave(_ token: Line.Token) -> Bool { line.leave(token) != nil }
}
