// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

@Suite struct CompletionStateTests {
  private typealias State = CompletionState<Int>

  /// Two or three end in any order, up to three tasks ask, and any that waits may be cancelled, before or after it was
  /// given one: each is handed out once, in the order of the ends, and nobody waits in vain.
  @Test(arguments: [2, 3]) func handsOutEachOnceInEveryOrderOfEvents(count: Int) {
    let runs = explore { choices in
      var state = State(count: count)
      var left = Array(0..<count)
      var ended: [Int] = []
      var received: [Int] = []
      var waiting: [Int: State.Line.Token] = [:]
      var resumed: Set<Int> = []
      var cancelled: Set<Int> = []
      var asked = 0

      func hand(_ granted: State.Line.Granted?) {
        var next = granted
        while let granted = next {
          // Whoever was cancelled before is not there any more.
          if !cancelled.contains(granted.waiter) {
            resumed.insert(granted.waiter)
            return
          }
          next = state.passOver(granted)
        }
      }

      for _ in 0..<7 {
        switch choices.pick(4) {
        case 0 where !left.isEmpty:
          let index = left.remove(at: choices.pick(left.count))
          ended.append(index)
          hand(state.end(index))
        case 1 where asked < 3:
          let task = asked
          asked += 1
          switch state.next() {
          case .index(let index): received.append(index)
          case .nothing: #expect(received.count + waiting.count >= count)
          case .wait:
            // In between, on another thread, one more may end.
            if !left.isEmpty && choices.pick(2) == 1 {
              let index = left.removeFirst()
              ended.append(index)
              hand(state.end(index))
            }
            let (token, granted, isInVain) = state.join(task)
            waiting[task] = token
            if isInVain { resumed.insert(task) }
            hand(granted)
          }
        case 2 where !waiting.isEmpty:
          let candidates = waiting.keys.filter { !resumed.contains($0) && !cancelled.contains($0) }.sorted()
          if candidates.isEmpty { return }
          cancelled.insert(candidates[choices.pick(candidates.count)])
        case 3 where !waiting.isEmpty:
          let candidates = waiting.keys.filter { resumed.contains($0) || cancelled.contains($0) }.sorted()
          if candidates.isEmpty { return }
          let task = candidates[choices.pick(candidates.count)]
          if let index = state.leave(waiting.removeValue(forKey: task)!) { received.append(index) }
        default: return
        }
      }
      // All who were told leave; then whatever has ended and went to nobody is still there.
      for task in waiting.keys.sorted() where resumed.contains(task) || cancelled.contains(task) {
        if let index = state.leave(waiting.removeValue(forKey: task)!) { received.append(index) }
      }
      let someWait = !waiting.isEmpty
      while case .index(let index) = state.next() {
        #expect(!someWait, "one has ended while somebody waits")
        received.append(index)
      }
      #expect(Set(received) == Set(ended) && received.count == ended.count)
    }
    #expect(runs > 1000)
  }

  @Test func handsOutInTheOrderOfTheEnds() {
    var state = State(count: 3)
    _ = state.end(2)
    _ = state.end(0)
    #expect(state.next() == .index(2))
    #expect(state.next() == .index(0))
    #expect(state.next() == .wait)
    let first = state.join(1)
    #expect(first.granted == nil && !first.isInVain)
    #expect(state.next() == .nothing)
    #expect(state.end(1)?.waiter == 1)
    #expect(state.leave(first.token) == 1)
    #expect(state.next() == .nothing)
  }

  @Test func whatWasPassedOverComesNext() {
    var state = State(count: 2)
    let first = state.join(1)
    let second = state.join(2)
    let granted = state.end(1)!
    #expect(granted.waiter == 1)
    let other = state.passOver(granted)
    #expect(other?.waiter == 2)
    #expect(state.leave(first.token) == nil)
    #expect(state.leave(second.token) == 1)
  }
}
