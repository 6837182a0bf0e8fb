// SPDX-License-Identifier: Apache-2.0

/// The common part of tasks and futures, as a value: pending at first, then settled, once, and then all listeners are
/// told. The owner of this value keeps the result.
struct SettlementState<Waiter: LineWaiter, Callback: Sendable>: Sendable {
  typealias Token = WaitList<Listener>.Token

  /// The listeners to tell of the end, in the order of their arrival: like asyncio, which also wakes awaiting tasks by
  /// callbacks.
  enum Listener: Sendable {
    case waiter(Waiter)
    case callback(Callback)
  }

  /// How to tell a listener, after the mutex is released.
  enum Telling: Sendable {
    case resume(Waiter.Claim)
    case call(Callback)
  }

  private(set) var phase = SettlementPhase.pending
  /// Whether any code has looked at the result.
  var wasRetrieved = false
  private var listeners = WaitList<Listener>()

  init() {}

  /// Ends it. Returns nil if it has ended before; else the listeners to tell, in order.
  mutating func finish(_ phase: SettlementPhase) -> [Telling]? {
    precondition(phase != .pending)
    guard self.phase == .pending else { return nil }
    self.phase = phase
    return listeners.takeAll().map { listener in
      switch listener {
      // The end is not a grant that could be lost: a task that was cancelled before finds it when it leaves.
      case .waiter(let waiter): .resume(waiter.claimOfAnyone)
      case .callback(let callback): .call(callback)
      }
    }
  }

  /// Joins the listeners, in the section that found it pending.
  mutating func join(_ waiter: Waiter) -> Token { listeners.join(.waiter(waiter)) }

  /// Leaves the listeners. Returns whether it has ended.
  mutating func leave(_ token: Token) -> Bool {
    guard phase == .pending else { return true }
    listeners.leave(token)
    return false
  }

  /// Stores the callback while it is pending. Returns nil if it is not, and then the caller has to call it.
  mutating func addCallback(_ callback: Callback) -> Token? {
    phase == .pending ? listeners.join(.callback(callback)) : nil
  }

  /// Removes a callback that is still stored. Returns it, to be released outside of the mutex.
  mutating func removeCallback(_ token: Token) -> Callback? {
    guard case .callback(let callback)? = listeners.leave(token) else { return nil }
    return callback
  }
}

/// The progress of a task or a future.
package enum SettlementPhase: Sendable {
  case pending, succeeded, failed, cancelled
}
