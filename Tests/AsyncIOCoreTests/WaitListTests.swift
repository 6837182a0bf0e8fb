// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import AsyncIOCore

@Suite struct WaitListTests {
  @Test func `those who are left are served in the order in which they came`() {
    var line = WaitList<Int>()
    let tokens = (0..<100).map { line.join($0) }
    for (number, token) in tokens.enumerated() where number % 3 != 0 { #expect(line.leave(token) == number) }
    #expect(line.count == 34)
    #expect(line.popFirst() == 0)
    #expect(line.popFirst() == 3)
    line.join(100)
    #expect(line.takeAll() == Array(stride(from: 6, to: 100, by: 3)) + [100])
    #expect(line.isEmpty)
    #expect(line.popFirst() == nil)
  }

  @Test func `a place is left once, and a token is never another's`() {
    var line = WaitList<Int>()
    let first = line.join(1)
    #expect(line.leave(first) == 1)
    #expect(line.leave(first) == nil)
    let second = line.join(2)
    #expect(line.leave(first) == nil)
    #expect(line.popFirst() == 2)
    #expect(line.leave(second) == nil)
    let third = line.join(3)
    #expect(line.takeAll() == [3])
    line.join(4)
    #expect(line.leave(third) == nil)
    #expect(line.count == 1)
  }

  @Test func `it does what an array does, whatever the order of joining, leaving and serving`() {
    var random = SeededRandom(seed: 7)
    var line = WaitList<Int>()
    var model: [(token: Int, number: Int)] = []
    for number in 0..<20_000 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0...2: model.append((line.join(number), number))
      case 3...4:
        guard !model.isEmpty else { continue }
        let (token, number) = model.remove(at: Int.random(in: 0..<model.count, using: &random))
        #expect(line.leave(token) == number)
      case 5: #expect(line.popFirst() == (model.isEmpty ? nil : model.removeFirst().number))
      case 6 where number % 50 == 0:
        #expect(line.takeAll() == model.map(\.number))
        model = []
      default: #expect(line.count == model.count)
      }
    }
  }

  /// A search through an array for each would take minutes. What counts is the thread's own time: other tests compete
  /// for the processor.
  @Test func `half a million leave, from the front, from the end and at random`() {
    var random = SeededRandom(seed: 1)
    let begin = threadTime()
    for order in 0..<3 {
      var line = WaitList<Int>()
      var tokens = (0..<500_000).map { line.join($0) }
      if order == 1 { tokens.reverse() }
      if order == 2 { tokens.shuffle(using: &random) }
      for token in tokens { line.leave(token) }
      #expect(line.isEmpty)
    }
    #expect(threadTime() - begin < 30)
  }

  /// Seconds of the processor that this thread has had.
  private func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
