// SPDX-License-Identifier: Apache-2.0

/// Passes items from tasks that produce them to tasks that work on them, in the order in which they come; asyncio's
/// `Queue`.
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
/// A queue that is full makes `put` wait: a producer that is faster than its consumers goes at their pace. Tasks are
/// served in the order in which they came, those that put and those that get. An item is handed over: what is put while
/// a task waits to get is that task's, and nobody can overtake it.
///
/// A queue may be used from any thread and any loop. Puts and gets allocate nothing, apart from the memory for the
/// items, which grows to the most that there have been.
public typealias Queue<Element: Sendable> = OrderedQueue<FIFOOrder<Element>>

/// The order of a `Queue`: the oldest item comes out first.
public struct FIFOOrder<Element: Sendable>: QueueOrder {
  @usableFromInline var items = Ring<Element>()

  @inlinable public init() {}

  public static var queueName: String { "Queue" }

  @inlinable public var count: Int { items.count }

  @inlinable public mutating func insert(_ item: Element) { items.insert(item) }

  @inlinable public mutating func removeNext() -> Element? { items.removeNext() }
}
