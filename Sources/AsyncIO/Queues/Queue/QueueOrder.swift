// SPDX-License-Identifier: Apache-2.0
// The queues are generic over what users put into them, and are used in the users' modules. Compiled without knowing
// the item's type an item takes three microseconds instead of 0.15 (Swift 6.3.1, x86_64). So all that an item passes
// through is `@inlinable`, here and in the folders beside. What happens once in the life of a queue is not.

/// What a queue keeps its items in, and thereby the order in which they come out. `Queue`, `LifoQueue` and
/// `PriorityQueue` are an `OrderedQueue` with one of the three that there are; a program may bring another.
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
/// Its members are called while the queue is locked: they must not use the queue.
public protocol QueueOrder<Element>: Sendable {
  associatedtype Element: Sendable

  init()
  /// What reports and messages call a queue of this order.
  static var queueName: String { get }
  var count: Int { get }
  mutating func insert(_ item: Element)
  /// Takes out the item whose turn it is; nil if there is none.
  mutating func removeNext() -> Element?
}
