// SPDX-License-Identifier: Apache-2.0

/// A queue that gives out its smallest item first, and of equal items the oldest; asyncio's `PriorityQueue`, which
/// gives equal items out in any order.
///
/// ```swift
/// struct Job: Comparable {
///   let priority: Int
///   let name: String
///   static func < (one: Job, other: Job) -> Bool { one.priority < other.priority }
/// }
/// let jobs = PriorityQueue<Job>(maxSize: 100)
/// try await jobs.put(Job(priority: 2, name: "compress"))
/// try await jobs.put(Job(priority: 1, name: "answer"))
/// print(try await jobs.get().name)  // answer
/// ```
///
/// Tasks that wait for room are served in the order in which they came: their items aren't compared until they are in
/// the queue. An item that is put while a task waits to get goes to that task. In all else it behaves like `Queue`.
///
/// Putting and getting take a number of comparisons that grows with the logarithm of the count. They are made while the
/// queue is locked: `<` must not use the queue.
public typealias PriorityQueue<Element: Comparable & Sendable> = OrderedQueue<PriorityOrder<Element>>

/// The order of a `PriorityQueue`: the smallest item comes out first, and of equal items the oldest. A binary heap
/// whose entries are numbered as they come.
public struct PriorityOrder<Element: Comparable & Sendable>: QueueOrder {
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

  /// Makes an empty heap.
  @inlinable public init() {}

  public static var queueName: String { "PriorityQueue" }

  @inlinable public var count: Int { entries.count }

  @inlinable public mutating func insert(_ item: Element) {
    entries.append(Entry(item: item, number: nextNumber))
    nextNumber += 1
    siftUp()
  }

  @inlinable public mutating func removeNext() -> Element? {
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

  /// Puts an entry in place of the first and moves it down to its place.
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
