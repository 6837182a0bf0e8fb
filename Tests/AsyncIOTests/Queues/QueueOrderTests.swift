// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

/// The storages compared with arrays that do the same in the simplest way.
@Suite struct QueueOrderTests {
  /// An item that knows its position of arrival.
  private struct Numbered: Comparable, Sendable {
    let value: Int
    let number: Int

    static func < (one: Numbered, other: Numbered) -> Bool { one.value < other.value }
  }

  private func compare<Storage: QueueOrder<Numbered>>(
    _ storage: Storage.Type, next: ([Numbered]) -> Int?
  ) {
    var random = SeededRandom(seed: 7)
    var items = Storage()
    var expected: [Numbered] = []
    for number in 0..<5000 {
      // Phases of growing and shrinking alternate.
      let grows = number / 500 % 2 == 0
      if random.next() % 5 < (grows ? 3 : 2) {
        let item = Numbered(value: Int(random.next() % 10), number: number)
        items.insert(item)
        expected.append(item)
      } else {
        let item = next(expected).map { expected.remove(at: $0) }
        #expect(items.removeNext()?.number == item?.number)
      }
      #expect(items.count == expected.count)
    }
  }

  @Test func `a ring gives out the oldest`() { compare(FIFOOrder<Numbered>.self) { $0.isEmpty ? nil : 0 } }

  @Test func `a stack gives out the youngest`() {
    compare(LIFOOrder<Numbered>.self) { $0.isEmpty ? nil : $0.count - 1 }
  }

  @Test func `a heap gives out the smallest and of equal ones the oldest`() {
    compare(PriorityOrder<Numbered>.self) { items in items.indices.min { items[$0] < items[$1] } }
  }

  @Test func `a ring can be looked into`() {
    var ring = Ring<Int>()
    for number in 0..<6 { ring.insert(number) }
    for _ in 0..<4 { _ = ring.removeNext() }
    for number in 6..<10 { ring.insert(number) }
    #expect((0..<ring.count).map { ring[$0] } == [4, 5, 6, 7, 8, 9])
    ring[1] = 50
    #expect(ring.removeNext() == 4)
    #expect(ring.removeNext() == 50)
  }

  @Test func `what was taken out is let go`() {
    final class Item: Sendable {}
    var ring = Ring<Item>()
    ring.insert(Item())
    weak let item = ring[0]
    #expect(item != nil)
    _ = ring.removeNext()
    #expect(item == nil)
  }
}
