// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

private typealias TestLine = Line<Stander, String, Int>

/// A task in line that may be cancelled.
private struct Stander: LineWaiter {
  let number: Int
  var isCancelled = false

  func claim() -> Int? { isCancelled ? nil : number }

  var claimOfAnyone: Int { number }
}

@Suite struct LineTests {
  @Test func `serves those who wait in the order in which they came`() {
    var line = TestLine()
    let tokens = (0..<3).map { line.join(Stander(number: $0), "\($0)") }
    #expect(line.count == 3)
    let served = (0..<3).map { line.serveFirst($0 * 10)! }
    #expect(served.map(\.claim) == [0, 1, 2])
    #expect(served.map(\.request) == ["0", "1", "2"])
    #expect(line.serveFirst(0) == nil)
    #expect(tokens.map { line.leave($0) } == [0, 10, 20])
  }

  @Test func `a task that leaves from the middle is not served`() {
    var line = TestLine()
    let tokens = (0..<4).map { line.join(Stander(number: $0), "") }
    #expect(line.leave(tokens[1]) == nil)
    #expect(line.leave(tokens[0]) == nil)
    #expect(line.serveFirst(7)?.claim == 2)
    #expect(line.serveFirst(8)?.claim == 3)
    #expect(line.leave(tokens[2]) == 7)
    #expect(line.leave(tokens[3]) == 8)
  }

  @Test func `a cancelled task is passed over unless anyone is served`() {
    var line = TestLine()
    let tokens = [true, false, true].enumerated().map { line.join(Stander(number: $0, isCancelled: $1), "") }
    #expect(line.serveFirst(5)?.claim == 1)
    #expect(line.count == 1)
    #expect(line.serveFirst(6, evenIfCancelled: true)?.claim == 2)
    #expect(tokens.map { line.leave($0) } == [nil, 5, 6])
  }

  @Test func `places are used again`() {
    var line = TestLine()
    for round in 0..<1000 {
      let first = line.join(Stander(number: round), "")
      let second = line.join(Stander(number: round + 1), "")
      #expect(line.leave(second) == nil)
      #expect(line.serveFirst(round)?.claim == round)
      #expect(line.leave(first) == round)
    }
    #expect(line.isEmpty)
  }

  /// Up to four tasks come, some of them cancelled, are served, and leave, in every order. A list gives the expected
  /// results.
  @Test func `agrees with a simple list in every order of events`() {
    let runs = explore { choices in
      var line = TestLine()
      var waiting: [(task: Int, isCancelled: Bool, token: TestLine.Token)] = []
      var away: [(token: TestLine.Token, grant: Int?)] = []
      var came = 0
      for step in 0..<7 {
        switch choices.pick(3) {
        case 0 where came < 4:
          let isCancelled = choices.pick(2) == 1
          waiting.append((came, isCancelled, line.join(Stander(number: came, isCancelled: isCancelled), "\(came)")))
          came += 1
        case 1 where !waiting.isEmpty:
          let place = waiting.remove(at: choices.pick(waiting.count))
          #expect(line.leave(place.token) == nil)
        case 2:
          let next = line.serveFirst(step)
          while let first = waiting.first, first.isCancelled { away.append((waiting.removeFirst().token, nil)) }
          #expect(next?.claim == waiting.first?.task)
          if !waiting.isEmpty { away.append((waiting.removeFirst().token, step)) }
        default: return
        }
        #expect(line.count == waiting.count)
      }
      for place in away { #expect(line.leave(place.token) == place.grant) }
      for place in waiting { #expect(line.leave(place.token) == nil) }
    }
    #expect(runs > 1000)
  }
}
