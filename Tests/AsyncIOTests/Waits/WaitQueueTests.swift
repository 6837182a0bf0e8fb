// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

private typealias Line = WaitQueue<Int, String, Int>

@Suite struct WaitQueueTests {
  @Test func servesThoseWhoWaitInTheOrderInWhichTheyCame() {
    var line = Line()
    let tokens = (0..<3).map { line.join($0, "") }
    #expect(line.count == 3)
    #expect((0..<3).map { line.grantFirst($0 * 10)!.waiter } == [0, 1, 2])
    #expect(line.grantFirst(0) == nil)
    #expect(tokens.map { line.leave($0) } == [0, 10, 20])
  }

  @Test func whoLeavesFromTheMiddleIsNotServed() {
    var line = Line()
    let tokens = (0..<4).map { line.join($0, "\($0)") }
    #expect(line.leave(tokens[1]) == nil)
    #expect(line.leave(tokens[0]) == nil)
    #expect(line.first == "2")
    #expect(line.grantFirst(7)?.waiter == 2)
    #expect(line.grantFirst(8)?.waiter == 3)
    #expect(line.leave(tokens[2]) == 7)
    #expect(line.leave(tokens[3]) == 8)
  }

  @Test func whatIsTakenBackWasNeverGranted() {
    var line = Line()
    let token = line.join(1, "")
    let granted = line.grantFirst(5)!
    #expect(granted.token == token)
    #expect(line.takeBack(token) == 5)
    #expect(line.leave(token) == nil)
  }

  @Test func placesAreUsedAgain() {
    var line = Line()
    for round in 0..<1000 {
      let first = line.join(round, "")
      let second = line.join(round + 1, "")
      #expect(line.leave(second) == nil)
      #expect(line.grantFirst(round)?.waiter == round)
      #expect(line.leave(first) == round)
    }
    #expect(line.isEmpty)
  }

  /// Up to four tasks come, are served, and leave, in every order; a list says what must come out.
  @Test func agreesWithASimpleListInEveryOrderOfEvents() {
    let runs = explore { choices in
      var line = Line()
      var waiting: [(task: Int, token: Line.Token)] = []
      var granted: [(token: Line.Token, grant: Int)] = []
      var came = 0
      for step in 0..<7 {
        switch choices.pick(3) {
        case 0 where came < 4:
          waiting.append((came, line.join(came, "\(came)")))
          came += 1
        case 1 where !waiting.isEmpty:
          let place = waiting.remove(at: choices.pick(waiting.count))
          #expect(line.leave(place.token) == nil)
        case 2:
          let next = line.grantFirst(step)
          #expect(next?.waiter == waiting.first?.task)
          if !waiting.isEmpty { granted.append((waiting.removeFirst().token, step)) }
        default: return
        }
        #expect(line.count == waiting.count)
        #expect(line.first == waiting.first.map { "\($0.task)" })
      }
      for place in granted { #expect(line.leave(place.token) == place.grant) }
      for place in waiting { #expect(line.leave(place.token) == nil) }
    }
    #expect(runs > 1000)
  }
}
