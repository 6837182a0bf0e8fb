// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

@Suite struct RunQueueTests {
  /// An item that is never run: only its word counts.
  private func item(_ number: Int) -> ReadyItem { ReadyItem(word: UInt(number) << 4) }
  private func number(_ item: ReadyItem) -> Int { Int(item.word >> 4) }

  @Test func `items leave in the order in which they came, across wrap-arounds and growth`() {
    var queue = RunQueue(capacity: 4)
    var random = SeededRandom(seed: 1)
    var added = 0
    var taken = 0
    for _ in 0..<2000 {
      if queue.isEmpty || UInt8.random(in: 0..<5, using: &random) < 3 {
        queue.append(item(added))
        added += 1
      } else {
        #expect(number(queue.removeFirst()) == taken)
        taken += 1
      }
      #expect(queue.count == added - taken)
    }
    while !queue.isEmpty {
      #expect(number(queue.removeFirst()) == taken)
      taken += 1
    }
    #expect(taken == added)
  }

  @Test func `the end of a turn stays where it was when the queue grows during the turn`() {
    var queue = RunQueue(capacity: 4)
    for index in 0..<3 { queue.append(item(index)) }
    _ = queue.removeFirst()
    let end = queue.tail
    var seen: [Int] = []
    while queue.head != end {
      let number = number(queue.removeFirst())
      seen.append(number)
      for added in 0..<20 { queue.append(item(100 * number + added)) }
    }
    #expect(seen == [1, 2])
    #expect(queue.count == 40)
    #expect(number(queue.removeFirst()) == 100)
  }

  @Test(arguments: 0..<50) func `a shuffle is a permutation of what is ready, and of nothing behind it`(count: Int) {
    var queue = RunQueue(capacity: 4)
    for index in 0..<count { queue.append(item(index)) }
    let end = queue.tail
    for index in count..<count + 5 { queue.append(item(index)) }
    var random = SeededRandom(seed: UInt64(count))
    queue.shuffle(upTo: end, using: &random)
    let all = (0..<count + 5).map { _ in number(queue.removeFirst()) }
    #expect(all.prefix(count).sorted() == Array(0..<count))
    #expect(Array(all.suffix(5)) == Array(count..<count + 5))
  }

  @Test func `every order of three items comes up, and a seed repeats its own`() {
    func order(_ seed: UInt64) -> [Int] {
      var queue = RunQueue(capacity: 4)
      for index in 0..<3 { queue.append(item(index)) }
      var random = SeededRandom(seed: seed)
      queue.shuffle(upTo: queue.tail, using: &random)
      return (0..<3).map { _ in number(queue.removeFirst()) }
    }
    #expect(Set((0..<100).map(order)).count == 6)
    #expect((0..<100).map(order) == (0..<100).map(order))
  }
}
