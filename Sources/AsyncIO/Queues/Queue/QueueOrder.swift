// SPDX-License-Identifier: Apache-2.0
// The queues are generic over the users' items, and are used in the users' modules. Compiled without knowing the item's
// type, an item takes three microseconds instead of 0.15 (Swift 6.3.1, x86_64). So everything that an item passes
// through is `@inlinable`, here and in the folders beside. What happens once in the life of a queue is not.
//
// Benchmark: queue.

/// A queue's storage, which decides the order in which its items come out. `Queue`, `LifoQueue` and `PriorityQueue` are
/// an `OrderedQueue` with one of the three orders here; a program may bring another.
///
/// ```swift
/// struct AnyOrder<Element: Sendable>: QueueOrder {
///   private var items: [Element] = []
///   init() {}
///   static var queueName: String { "AnyOrderQueue" }
///   var count: Int { items.count }
///   mutating func insert(_ item: Element) { items.append(item) }
///   mutating func removeNext() -> Element? { items.isEmpty ? nil : items.remove(at: .random(in: items.indices)) }
/// }
/// let queue = OrderedQueue<AnyOrder<String>>(maxSize: 10)
/// try await queue.put("a")
/// ```
///
/// The members are called while the queue is locked: they must not use the queue.
public protocol QueueOrder<Element>: Sendable {
  /// The type of the items.
  associatedtype Element: Sendable

  /// Makes an empty storage.
  init()
  /// The name of a queue of this order in reports and messages.
  static var queueName: String { get }
  /// The number of items.
  var count: Int { get }
  /// Adds an item.
  mutating func insert(_ item: Element)
  /// Takes out the next item; nil if it is empty.
  mutating func removeNext() -> Element?
}
