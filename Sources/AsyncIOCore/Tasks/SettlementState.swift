// SPDX-License-Identifier: Apache-2.0

/// What tasks and futures have in common, as a value: it is pending, and then it is settled, once, and everybody who
/// waits is told. What it ended with is kept by whoever owns this.
struct SettlementState<Waiter: Sendable, Callback: Sendable>: Sendable {
  typealias Token = Int

  private(set) var phase = SettlementPhase.pending
  /// Nearly always none or one, so a search is the quickest way to find one.
  private var waiting: [(token: Token, waiter: Waiter)] = []
  private var callbacks: [Callback] = []
  private var nextToken = 0
  /// Whether anybody has looked at how it ended.
  var wasRetrieved = false

  init() {}

  var waiterCount: Int { waiting.count }

  /// Ends it. Nil if it has ended before; else those who are to be told.
  mutating func finish(_ phase: SettlementPhase) -> (waiters: [Waiter], callbacks: [Callback])? {
    precondition(phase != .pending)
    guard self.phase == .pending else { return nil }
    self.phase = phase
    // Those who wait leave by themselves, when they run.
    defer { callbacks = [] }
    return (waiting.map(\.waiter), callbacks)
  }

  /// Waits for the end. The end may have come by now: then the waiter is to be resumed at once.
  mutating func join(_ waiter: Waiter) -> (token: Token, hasEnded: Bool) {
    nextToken += 1
    waiting.append((nextToken, waiter))
    return (nextToken, phase != .pending)
  }

  /// Whether what was waited for has come.
  mutating func leave(_ token: Token) -> Bool {
    if let index = waiting.firstIndex(where: { $0.token == token }) { waiting.swapAt(index, waiting.count - 1) }
    waiting.removeLast()
    return phase != .pending
  }

  /// Nil if it is pending, and then the callback is kept; else it is to be called.
  mutating func addCallback(_ callback: Callback) -> Bool {
    guard phase == .pending else { return false }
    callbacks.append(callback)
    return true
  }
}

/// How far a task or a future is.
package enum SettlementPhase: Sendable {
  case pending, succeeded, failed, cancelled
}
