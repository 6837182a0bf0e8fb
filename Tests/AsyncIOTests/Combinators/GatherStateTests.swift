// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

@Suite struct GatherStateTests {
  /// A gathering task, and up to four bodies. Each may end, fail, or leave its worker cancelled, and a cancellation may
  /// come from outside at any time.
  @Test(arguments: [1, 2, 4]) func `ends in every order of events`(limit: Int) {
    let count = 4
    let runs = explore { choices in
      var state = GatherState<NumberedWaiter>(count: count, limit: limit)
      var running: [Int] = []
      var started: [Int] = []
      var isWaiting = false
      var isDone = false
      var hasFailed = false
      var isCancelled = false

      func start(_ index: Int) {
        #expect(index == started.count, "bodies start in their order")
        #expect(!hasFailed, "nothing starts after a failure")
        started.append(index)
        running.append(index)
        #expect(running.count <= limit)
      }
      func told(_ waiter: NumberedWaiter?) {
        guard waiter != nil else { return }
        #expect(isWaiting, "only who waits is resumed, and once")
        isWaiting = false
      }

      while !isDone {
        let callerCanRun = !isWaiting
        let alternatives = (callerCanRun ? 1 : 0) + (running.isEmpty ? 0 : 3) + (isCancelled ? 0 : 1)
        guard alternatives > 0 else {
          Issue.record("nobody can go on: \(choices.answers)")
          return
        }
        var choice = choices.pick(alternatives)
        if callerCanRun {
          if choice == 0 {
            if isCancelled { state.stop() }
            if let first = state.addWorker() {
              start(first)
            } else if state.isOver {
              isDone = true
            } else {
              isWaiting = state.mustWait
              if isWaiting { state.join(NumberedWaiter(number: 0)) }
            }
            continue
          }
          choice -= 1
        }
        if !running.isEmpty {
          let position = choice < 3 ? choices.pick(running.count) : 0
          switch choice {
          case 0:  // The body ends, and its worker takes the next one.
            running.remove(at: position)
            if let next = isCancelled ? nil : state.take() { start(next) } else { told(state.removeWorker()) }
          case 1:  // The body fails.
            running.remove(at: position)
            state.stop()
            hasFailed = true
            told(state.removeWorker())
          case 2:  // The body ends in a task that cancelled itself.
            running.remove(at: position)
            told(state.removeWorker())
          default: isCancelled = true
          }
          continue
        }
        isCancelled = true
      }
      #expect(running.isEmpty)
      #expect(state.allWereStarted == (started.count == count))
      if !hasFailed && !isCancelled { #expect(started.count == count) }
    }
    #expect(runs > 100)
  }
}
