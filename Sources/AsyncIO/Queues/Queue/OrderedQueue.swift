// SPDX-License-Identifier: Apache-2.0

/// Passes items from producing tasks to consuming tasks, in the order that its type says. `Queue`, `LifoQueue` and
/// `PriorityQueue` are such queues.
public final class OrderedQueue<Order: QueueOrder>: Sendable {
  /// The type of the queue's items.
  public typealias Element = Order.Element

  @usableFromInline let items: Handover<Order>

  /// Makes an empty queue.
  ///
  /// - Parameter maxSize: The most items that it holds, from 0. As in asyncio 0 means any number: then `put` never
  ///   waits, and a producer that is faster than its consumers fills the memory.
  @inlinable public init(maxSize: Int, file: StaticString = #fileID, line: UInt = #line) {
    items = Handover(.queue(Order.queueName), size: maxSize, file: file, line: line)
  }

  // MARK: - Put

  /// Puts an item, and waits for room if necessary; asyncio's `put`.
  ///
  /// - Throws: `QueueShutDown` if the queue has been shut down, or is shut down while this waits. `CancellationError`
  ///   if the task is cancelled while it waits. In both cases the item wasn't put. If there is room, even a cancelled
  ///   task puts its item, and an item that has got its room stays.
  @inlinable @inline(__always) public nonisolated(nonsending) func put(_ item: Element) async throws {
    guard try await items.put(item) else { throw QueueShutDown() }
  }

  /// Puts an item if there is room, without waiting; asyncio's `put_nowait`.
  ///
  /// - Returns: False if the queue is full.
  /// - Throws: `QueueShutDown` if the queue has been shut down.
  @inlinable public func tryPut(_ item: Element) throws(QueueShutDown) -> Bool {
    guard let isPut = items.tryPut(item) else { return false }
    if !isPut { throw QueueShutDown() }
    return true
  }

  // MARK: - Get

  /// Takes out the next item, and waits for one if necessary; asyncio's `get`.
  ///
  /// - Throws: `QueueShutDown` if the queue has been shut down and is empty. `CancellationError` if the task is
  ///   cancelled while it waits: it takes no item then. An available item is given even to a cancelled task, and so is
  ///   one that arrived before the cancellation: nothing is lost.
  @inlinable @inline(__always) public nonisolated(nonsending) func get() async throws -> Element {
    guard let item = try await items.get() else { throw QueueShutDown() }
    return item
  }

  /// Takes out the next item without waiting; asyncio's `get_nowait`.
  ///
  /// - Returns: Nil if the queue is empty.
  /// - Throws: `QueueShutDown` if it is empty and has been shut down.
  @inlinable public func tryGet() throws(QueueShutDown) -> Element? {
    switch items.tryGet() {
    case .item(let item): item
    case .closed: throw QueueShutDown()
    case nil: nil
    }
  }

  // MARK: - Work

  /// Counts the work on one item as done, for `join`; asyncio's `task_done`.
  ///
  /// Traps if it is called more often than items were put.
  @inlinable public func taskDone(file: StaticString = #fileID, line: UInt = #line) {
    items.taskDone(file: file, line: line)
  }

  /// Waits until `taskDone` has been called for every item that was put; asyncio's `join`.
  ///
  /// ```swift
  /// let queue = Queue<Int>(maxSize: 10)
  /// let worker = Task {
  ///   for try await number in queue {
  ///     print(number * number)
  ///     queue.taskDone()
  ///   }
  /// }
  /// for number in 0..<100 { try await queue.put(number) }
  /// try await queue.join()
  /// worker.cancel()
  /// ```
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits.
  public nonisolated(nonsending) func join() async throws { try await items.join() }

  /// Shuts the queue down; asyncio's `shutdown`. Nothing more can be put, and tasks that wait to put get
  /// `QueueShutDown`. Items inside can still be gotten; after that `get` throws `QueueShutDown` and iterations end.
  ///
  /// - Parameter immediate: Whether to drop the items inside. Dropped items count as done for `join`.
  public func shutdown(immediate: Bool = false) { items.close(dropping: immediate) }

  // MARK: - Observation

  /// The most items that the queue holds; 0 for any number.
  @inlinable public var maxSize: Int { items.capacity == .max ? 0 : items.capacity }

  /// The number of items in the queue; asyncio's `qsize`.
  @inlinable public var count: Int { items.count }

  /// Whether the queue holds no item; asyncio's `empty`.
  @inlinable public var isEmpty: Bool { items.count == 0 }

  /// Whether the queue holds `maxSize` items; asyncio's `full`. A queue without a bound is never full.
  @inlinable public var isFull: Bool { items.isFull }

  /// The queue's counts at this moment.
  public var statistics: QueueStatistics { items.queueStatistics }
}

extension OrderedQueue: AsyncSequence {
  /// Gets one item after the other. Ends when the queue has been shut down and is empty. Throws `CancellationError`
  /// when the task is cancelled while it waits. Several tasks may iterate over one queue; each item goes to one of
  /// them.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let items: Handover<Order>

    @inlinable init(_ items: Handover<Order>) { self.items = items }

    @inlinable public mutating func next() async throws -> Element? { try await items.get() }

    @inlinable public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
      try await items.get()
    }
  }

  @inlinable public func makeAsyncIterator() -> Iterator { Iterator(items) }
}

extension OrderedQueue: CustomStringConvertible {
  public var description: String { items.queueDescription }
}

/// The queue has been shut down: nothing more can be put, or nothing is left to get; asyncio's `QueueShutDown`.
public struct QueueShutDown: Error, Hashable, Sendable, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  public var description: String { "the queue was shut down" }
}
