// SPDX-License-Identifier: Apache-2.0

/// What a `Semaphore` knows, as a value: how many permits are free, and who waits for one. While somebody waits none is
/// free: a permit that comes back goes to the first in line without becoming free in between, so nobody can overtake.
struct SemaphoreState<Waiter: Sendable>: Sendable {
  typealias Line = WaitQueue<Waiter, Void, Void>

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
    value -= 1
    return true
  }

  /// For a task that found no permit. There may be one by now.
  mutating func join(_ waiter: Waiter) -> (token: Line.Token, next: Line.Granted?) {
    let token = line.join(waiter, ())
    return (token, passOn())
  }

  /// Returns who gets the permit.
  mutating func release() -> Line.Granted? {
    value += 1
    return passOn()
  }

  /// The task that the permit went to had left: returns who gets it instead.
  mutating func passOver(_ granted: Line.Granted) -> Line.Granted? {
    line.takeBack(granted.token)
    value += 1
    return passOn()
  }

  /// Whether the task that leaves has a permit.
  mutating func leave(_ token: Line.Token) -> Bool { line.leave(token) != nil }

  private mutating func passOn() -> Line.Granted? {
    guard value > 0, let next = line.grantFirst(()) else { return nil }
    value -= 1
    return next
  }
}
