// SPDX-License-Identifier: Apache-2.0

/// What a `Lock` knows, as a value: free, or held with a line behind the holder. Released, it goes to the first in line
/// without becoming free in between, so nobody can overtake.
struct LockState<Waiter: Sendable>: Sendable {
  typealias Line = WaitQueue<Waiter, Void, Void>

  private(set) var isLocked = false
  private(set) var line = Line()

  mutating func tryAcquire() -> Bool {
    if isLocked { return false }
    isLocked = true
    return true
  }

  /// For a task that found the lock held. It may be free by now.
  mutating func join(_ waiter: Waiter) -> (token: Line.Token, next: Line.Granted?) {
    let token = line.join(waiter, ())
    return (token, tryAcquire() ? passOn() : nil)
  }

  /// Returns who holds the lock next.
  mutating func release() -> Line.Granted? { passOn() }

  /// The task that the lock went to had left: returns who holds it instead.
  mutating func passOver(_ granted: Line.Granted) -> Line.Granted? {
    line.takeBack(granted.token)
    return passOn()
  }

  /// Whether the task that leaves holds the lock.
  mutating func leave(_ token: Line.Token) -> Bool { line.leave(token) != nil }

  private mutating func passOn() -> Line.Granted? {
    let next = line.grantFirst(())
    isLocked = next != nil
    return next
  }
}
