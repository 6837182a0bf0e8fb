// SPDX-License-Identifier: Apache-2.0

/// Carries items from sending tasks to receiving tasks, at the receivers' pace; trio's memory channel.
///
/// ```swift
/// let channel = Channel<Int>(capacity: 0)
/// let sum = Task {
///   var sum = 0
///   for try await number in channel { sum += number }
///   return sum
/// }
/// for number in 1...3 { try await channel.send(number) }
/// channel.close()
/// print(try await sum.value)  // 6
/// ```
///
/// Unlike `AsyncStream`, a channel makes `send` wait while it is full, and lets any number of tasks send and receive.
/// Closing it loses nothing that was sent. Unlike `Queue`, it doesn't count unfinished work and always has a bound. The
/// bound may be 0: then `send` returns when a task has taken the item.
///
/// Tasks are served in the order in which they came, and each item goes to one receiver. A channel may be used from any
/// thread and any loop. Sends and receives allocate nothing.
public final class Channel<Element: Sendable>: Sendable {
  @usableFromInline let items: Handover<FIFOOrder<Element>>

  /// Makes an empty channel.
  ///
  /// - Parameter capacity: How many items may be sent before one is received, from 0. With 0 sender and receiver meet:
  ///   an item goes from hand to hand.
  @inlinable public init(capacity: Int, file: StaticString = #fileID, line: UInt = #line) {
    items = Handover(.channel, size: capacity, file: file, line: line)
  }

  // MARK: - Send

  /// Sends an item, and waits until there is room for it or a task takes it.
  ///
  /// - Throws: `ChannelClosed` if the channel has been closed, or is closed while this waits. `CancellationError` if
  ///   the task is cancelled while it waits. In both cases the item wasn't sent: no task receives it. If there is room
  ///   or a receiver, the item is sent even by a cancelled task.
  @inlinable @inline(__always) public nonisolated(nonsending) func send(_ item: Element) async throws {
    guard try await items.put(item) else { throw ChannelClosed() }
  }

  /// Sends an item if there is room for it or a task waits for it, without waiting.
  ///
  /// - Returns: False if there is neither.
  /// - Throws: `ChannelClosed` if the channel has been closed.
  @inlinable public func trySend(_ item: Element) throws(ChannelClosed) -> Bool {
    guard let isSent = items.tryPut(item) else { return false }
    if !isSent { throw ChannelClosed() }
    return true
  }

  // MARK: - Receive

  /// Takes the oldest item, and waits for one if necessary.
  ///
  /// - Returns: Nil if the channel has been closed and every item has been received.
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it takes no item then. An available item is
  ///   given even to a cancelled task, and so is one that arrived before the cancellation: nothing is lost.
  @inlinable @inline(__always) public nonisolated(nonsending) func receive() async throws -> Element? {
    try await items.get()
  }

  /// Takes the oldest item, or that of a task that waits to send, without waiting.
  ///
  /// - Returns: Nil if no item is available; `isClosed` says whether more can come.
  @inlinable public func tryReceive() -> Element? {
    guard case .item(let item) = items.tryGet() else { return nil }
    return item
  }

  // MARK: - The end

  /// Closes the channel. Nothing more can be sent, and tasks that wait to send get `ChannelClosed`. What was sent can
  /// still be received; then `receive` returns nil and iterations end. Closing again does nothing.
  public func close() { items.close() }

  // MARK: - Observation

  /// Whether the channel has been closed. Items may still be left to receive.
  @inlinable public var isClosed: Bool { items.isClosed }

  /// How many items may be sent before one is received.
  @inlinable public var capacity: Int { items.capacity }

  /// The number of items that were sent and not received yet.
  @inlinable public var count: Int { items.count }

  /// The channel's counts at this moment.
  public var statistics: ChannelStatistics { items.channelStatistics }
}

extension Channel: AsyncSequence {
  /// Receives one item after the other. Ends when the channel has been closed and every item has been received. Throws
  /// `CancellationError` when the task is cancelled while it waits. Several tasks may iterate over one channel; each
  /// item goes to one of them.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let items: Handover<FIFOOrder<Element>>

    @inlinable init(_ items: Handover<FIFOOrder<Element>>) { self.items = items }

    @inlinable public mutating func next() async throws -> Element? { try await items.get() }

    @inlinable public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
      try await items.get()
    }
  }

  @inlinable public func makeAsyncIterator() -> Iterator { Iterator(items) }
}

extension Channel: CustomStringConvertible {
  public var description: String { items.channelDescription }
}

/// The channel has been closed: nothing more can be sent.
public struct ChannelClosed: Error, Hashable, Sendable, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  public var description: String { "the channel was closed" }
}
