// SPDX-License-Identifier: Apache-2.0

/// What tasks and futures have in common, as a value: it is pending, and then it is settled, once, and everybody who
/// waits is told. What it ended with is kept by whoever owns this.
struct SettlementState<Waiter: Sendable, Callback: Sendable>: Sendable {
  typealias Token = Int

  /// Who is to be told of the end, in the order in which they came: asyncio wakes whoever awaits by a callback too.
  enum Listener: Sendable {
    case waiter(Token, Waiter)
    case callback(Token, Callback)
  }

  private(set) var phase = SettlementPhase.pending
  /// Nearly always none or one, so a search is the quickest way to find one.
  private var listeners: [Listener] = []
  private var nextToken = 0
  /// Whether anybody has looked at how it ended.
  var wasRetrieved = false

  init() {}

  /// Ends it. Nil if it has ended before; else those who are to be told, in this order.
  mutating func finish(_ phase: SettlementPhase) -> [Listener]? {
    precondition(phase != .pending)
    guard self.phase == .pending else { return nil }
    self.phase = phase
    defer { listeners = [] }
    return listeners
  }

  /// Waits for the end. The end may have come by now: then the waiter is to be resumed at once.
  mutating func join(_ waiter: Waiter) -> (token: Token, hasEnded: Bool) {
    nextToken += 1
    if phase == .pending { listeners.append(.waiter(nextToken, waiter)) }
    return (nextToken, phase != .pending)
  }

  /// Whether what was waited for has come.
  mutating func leave(_ token: Token) -> Bool {
    guard phase == .pending else { return true }
    listeners.removeAll { if case .waiter(token, _) = $0 { true } else { false } }
    return false
  }

  /// Keeps the callback while it is pending; nil if it is not, and then the callback is to be called.
  mutating func addCallback(_ callback: Callback) -> Token? {
    guard phase == .pending else { return nil }
    nextToken += 1
    listeners.append(.callback(nextToken, callback))
    return nextToken
  }

  /// Forgets a callback, if it is still kept. Returns it, to be released outside of the mutex.
  mutating func removeCallback(_ token: Token) -> Callback? {
    let index = listeners.firstIndex { if case .callback(token, _) = $0 { true } else { false } }
    guard let index, case .callback(_, let callback) = listeners.remove(at: index) else { return nil }
    return callback
  }
}

/// How far a task or a future is.
package enum SettlementPhase: Sendable {
  case pending, succeeded, failed, cancelled
}
