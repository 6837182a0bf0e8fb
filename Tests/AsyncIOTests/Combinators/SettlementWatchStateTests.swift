// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

@Suite struct SettlementWatchStateTests {
  private typealias State = SettlementWatchState<NumberedWaiter>

  /// Three tasks end in any way and order, before and during a wait. The waiter may leave at any time and come again.
  @Test(arguments: [State.Condition.allEnded, .firstEnded, .firstFailed, .firstWithoutValue])
  private func `agrees with its description in every order of events`(condition: State.Condition) {
    let runs = explore { choices in
      var state = State(count: 3, until: condition)
      var ended: [(index: Int, phase: SettlementPhase)] = []
      var isWaiting = false
      var wasResumed = false

      func isMet() -> Bool {
        if ended.count == 3 { return true }
        switch condition {
        case .allEnded: return false
        case .firstEnded: return !ended.isEmpty
        case .firstFailed: return ended.contains { $0.phase == .failed }
        case .firstWithoutValue: return ended.contains { $0.phase != .succeeded }
        }
      }

      for _ in 0..<6 {
        switch choices.pick(3) {
        case 0 where ended.count < 3:
          let left = (0..<3).filter { index in !ended.contains { $0.index == index } }
          let index = left[choices.pick(left.count)]
          let phase = [SettlementPhase.succeeded, .failed, .cancelled][choices.pick(3)]
          ended.append((index, phase))
          if state.ended(index, phase) != nil {
            #expect(isWaiting && !wasResumed, "only who waits is resumed, and once")
            wasResumed = true
          }
        case 1 where !isWaiting:
          isWaiting = true
          wasResumed = state.isMet
          if !wasResumed { state.join(NumberedWaiter(number: 7)) }
        case 2 where isWaiting:
          #expect((state.leave() != nil) == isMet())
          (isWaiting, wasResumed) = (false, false)
        default: return
        }
        #expect(state.isMet == isMet())
        #expect(state.pending == 3 - ended.count)
        if isWaiting { #expect(wasResumed == isMet(), "whoever waits is resumed as soon as it is enough") }
      }
      if condition == .firstWithoutValue {
        #expect(state.withoutValue == ended.first { $0.phase != .succeeded }?.index)
      }
    }
    #expect(runs > 1000)
  }
}
