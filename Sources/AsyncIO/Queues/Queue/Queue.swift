// SPDX-License-Identifier: Apache-2.0

/// Passes items from producing tasks to consuming tasks, in the order in which they come; asyncio's `Queue`.
///
/// ```swift
/// let queue = Queue<String>(maxSize: 100)
/// let counting = Task {
///   var count = 0
///   for try await line in queue { count += line.utf8.count }
///   return count
/// }
/// for line in ["one", "two", "three"] { try await queue.put(line) }
/// queue.shutdown()
/// print(try await counting.value)  // 11
/// ```
///
/// A full queue makes `put` wait: a producer that is faster than its consumers goes at their pace. Tasks are served in
/// the order in which they came, both putters and getters. Items are handed over: an item that is put while a task
/// waits to get goes to that task, and no other task can overtake it.
///
/// A queue may be used from any thread and any loop. Puts and gets allocate nothing, apart from the memory for the
/// items, which grows to the most items that the queue has held.
public typealias Queue<Element: Sendable> = OrderedQueue<FIFOOrder<Element>>

/// The order of a `Queue`: the oldest item comes out first.
public struct FIFOOrder<Element: Sendable>: QueueOrder {
  @usableFromInline var items = Ring<Element>()

  /// Makes an empty ring.
  @inlinable public init() {}

  public static var queueName: String { "Queue" }

  @inlinable public var count: Int { items.count }

  @inlinable public mutating func insert(_ item: Element) { items.insert(item) }

  @inlinable public mutating func removeNext() -> Element? { items.removeNext() }
}
