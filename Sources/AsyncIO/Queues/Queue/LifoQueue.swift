// SPDX-License-Identifier: Apache-2.0

/// A queue that gives out its youngest item first, as a stack does; asyncio's `LifoQueue`.
///
/// ```swift
/// let folders = LifoQueue<String>(maxSize: 1000)
/// try await folders.put("/usr")
/// try await folders.put("/usr/lib")
/// print(try await folders.get())  // /usr/lib
/// ```
///
/// Tasks that wait for room are served in the order in which they came; an item's age counts from when it got its room.
/// An item that is put while a task waits to get goes to that task. In all else it behaves like `Queue`.
public typealias LifoQueue<Element: Sendable> = OrderedQueue<LIFOOrder<Element>>

/// The order of a `LifoQueue`: the youngest item comes out first.
public struct LIFOOrder<Element: Sendable>: QueueOrder {
  @usableFromInline var items: [Element] = []

  /// Makes an empty stack.
  @inlinable public init() {}

  public static var queueName: String { "LifoQueue" }

  @inlinable public var count: Int { items.count }

  @inlinable public mutating func insert(_ item: Element) { items.append(item) }

  @inlinable public mutating func removeNext() -> Element? { items.popLast() }
}
