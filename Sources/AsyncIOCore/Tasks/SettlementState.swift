// SPDX-License-Identifier: Apache-2.0

/// What tasks and futures have in common, as a value: it is pending, and then it is settled, once, and everybody who
/// waits is told. What it ended with is kept by whoever owns this.
struct SettlementState<Waiter: LineWaiter, Callback: Sendable>: Sendable {
  typealias Token = WaitList<Listener>.Token

  /// Who is to be told of the end, in the order in which they came: asyncio wakes a task that awaits by a callback too.
  enum Listener: Sendable {
    case waiter(Waiter)
    case callback(Callback)
  }

  /// How a listener is told, after the mutex was let go.
  enum Telling: Sendable {
    case resume(Waiter.Claim)
    case call(Callback)
  }

  private(set) var phase = SettlementPhase.pending
  /// Whether anybody has looked at how it ended.
  var wasRetrieved = false
  private var listeners = WaitList<Listener>()

  init() {}

  /// Ends it. Nil if it has ended before; else those who are to be told, in this order.
  mutating func finish(_ phase: SettlementPhase) -> [Telling]? {
    precondition(phase != .pending)
    guard self.phase == .pending else { return nil }
    self.phase = phase
    return listeners.takeAll().map { listener in
      switch listener {
      // The end is no grant that could be lost: a task that was cancelled before finds it when it leaves.
      case .waiter(let waiter): .resume(waiter.claimOfAnyone)
      case .callback(let callback): .call(callback)
      }
    }
  }

  /// Waits for the end, in the section that found it pending.
  mutating func join(_ waiter: Waiter) -> Token { listeners.join(.waiter(waiter)) }

  /// Whether what was waited for has come.
  mutating func leave(_ token: Token) -> Bool {
    guard phase == .pending else { return true }
    listeners.leave(token)
    return false
  }

  /// Keeps the callback while it is pending; nil if it is not, and then the callback is to be called.
  mutating func addCallback(_ callback: Callback) -> Token? {
    phase == .pending ? listeners.join(.callback(callback)) : nil
  }

  /// Forgets a callback, if it is still kept. Returns it, to be released outside of the mutex.
  mutating func removeCallback(_ token: Token) -> Callback? {
    guard case .callback(let callback)? = listeners.leave(token) else { return nil }
    return callback
  }
}

/// How far a task or a future is.
package enum SettlementPhase: Sendable {
  case pending, succeeded, failed, cancelled
}
