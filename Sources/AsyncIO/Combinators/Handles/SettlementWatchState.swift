// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What somebody knows who waits for several tasks or futures, as a value: they end one after the other, and at some
/// point that is enough.
struct SettlementWatchState<Waiter: LineWaiter>: Sendable {
  enum Condition: Sendable {
    case allEnded
    case firstEnded
    /// The first that failed; a cancellation is no failure.
    case firstFailed
    /// The first that failed or was cancelled.
    case firstWithoutValue
  }

  let condition: Condition
  /// How many have not ended.
  private(set) var pending: Int
  /// Whether the wait is over. It stays so.
  private(set) var isMet = false
  /// The first that had no value to give, if that ended the wait.
  private(set) var withoutValue: Int?
  private var waiter: Waiter?

  init(count: Int, until condition: Condition) {
    pending = count
    self.condition = condition
  }

  /// The one with this index has ended. Returns who is to be resumed.
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

  /// Waits for the condition, in the section that found it not met.
  mutating func join(_ waiter: Waiter) { self.waiter = waiter }

  /// Waits no longer. Something if that is because the condition is met.
  mutating func leave() -> Void? {
    waiter = nil
    return isMet ? () : nil
  }
}
