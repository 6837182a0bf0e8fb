// SPDX-License-Identifier: Apache-2.0

/// Items of which the smallest comes out first, and of equal ones the oldest: a binary heap whose entries are numbered
/// as they come. `heapq`, which asyncio uses, gives equal items out in any order.
@usableFromInline struct Heap<Element: Comparable & Sendable>: ItemStorage {
  @usableFromInline struct Entry: Sendable {
    @usableFromInline let item: Element
    @usableFromInline let number: UInt64

    @inlinable init(item: Element, number: UInt64) {
      self.item = item
      self.number = number
    }

    @inlinable func comesBefore(_ other: Entry) -> Bool {
      if item < other.item { return true }
      if other.item < item { return false }
      return number < other.number
    }
  }

  @usableFromInline var entries: [Entry] = []
  @usableFromInline var nextNumber: UInt64 = 0

  @inlinable init() {}

  @inlinable var count: Int { entries.count }

  @inlinable mutating func insert(_ item: Element) {
    entries.append(Entry(item: item, number: nextNumber))
    nextNumber += 1
    siftUp()
  }

  @inlinable mutating func removeNext() -> Element? {
    guard let last = entries.popLast() else { return nil }
    guard let first = entries.first else { return last.item }
    siftDown(last)
    return first.item
  }

  /// Moves the last entry up to its place.
  @inlinable mutating func siftUp() {
    var index = entries.count - 1
    let entry = entries[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard entry.comesBefore(entries[parent]) else { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = entry
  }

  /// Puts an entry in place of the first and moves it down to where it belongs.
  @inlinable mutating func siftDown(_ entry: Entry) {
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].comesBefore(entries[child]) { child += 1 }
      guard entries[child].comesBefore(entry) else { break }
      entries[index] = entries[child]
      index = child
    }
    entries[index] = entry
  }
}
