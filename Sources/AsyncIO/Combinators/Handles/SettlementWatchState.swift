// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The state of a wait for several tasks or futures, as a value: they end one after the other, until the condition is
/// met.
struct SettlementWatchState<Waiter: LineWaiter>: Sendable {
  enum Condition: Sendable {
    case allEnded
    case firstEnded
    /// The first failure. A cancellation doesn't count.
    case firstFailed
    /// The first failure or cancellation.
    case firstWithoutValue
  }

  let condition: Condition
  /// The number of sources that haven't ended.
  private(set) var pending: Int
  /// Whether the wait is over. Never reset.
  private(set) var isMet = false
  /// The first source without a value, if that ended the wait.
  private(set) var withoutValue: Int?
  private var waiter: Waiter?

  init(count: Int, until condition: Condition) {
    pending = count
    self.condition = condition
  }

  /// Notes that the source with this index has ended. Returns the waiter to resume.
  mutating func ended(_ index: Int, _ phase: SettlementPhase) -> Waiter.Claim? {
    pending -= 1
    if isMet { return nil }
    switch condition {
    case .allEnded: break
    case .firstEnded: isMet = true
    case .firstFailed: isMet = phase == .failed
    case .firstWithoutValue:
      if phase != .succeeded {
        isMet = true
        withoutValue = index
      }
    }
    if pending == 0 { isMet = true }
    return isMet ? waiter.take()?.claim() : nil
  }

  /// Waits for the condition. Called in the section that found it not met.
  mutating func join(_ waiter: Waiter) { self.waiter = waiter }

  /// Ends the wait. Returns a value if the condition is met, nil otherwise.
  mutating func leave() -> Void? {
    waiter = nil
    return isMet ? () : nil
  }
}
