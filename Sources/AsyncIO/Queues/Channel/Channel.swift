// SPDX-License-Identifier: Apache-2.0

/// Carries items from tasks that send to tasks that receive, at the pace of those who receive; trio's memory channel.
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
/// What `AsyncStream` lacks: `send` waits while the channel is full, any number of tasks may send and receive, and to
/// close it loses nothing that was sent. What a `Queue` has beyond that, the count of unfinished work, a channel has
/// not; and it has always a bound, which may be 0: then `send` returns when a task has taken the item.
///
/// Tasks are served in the order in which they came, and each item goes to one of those who receive. A channel may be
/// used from any thread and any loop. Sends and receives allocate nothing.
public final class Channel<Element: Sendable>: Sendable {
  @usableFromInline let items: Handover<FIFOOrder<Element>>

  /// Makes a channel with nothing in it.
  ///
  /// - Parameter capacity: How many items may be sent before one is received, from 0. With 0 those who send and those
  ///   who receive meet: an item goes from hand to hand.
  @inlinable public init(capacity: Int, file: StaticString = #fileID, line: UInt = #line) {
    items = Handover(.channel, size: capacity, file: file, line: line)
  }

  // MARK: - Send

  /// Sends an item, and waits until there is room for it or somebody takes it.
  ///
  /// - Throws: `ChannelClosed` if the channel has been closed, or is while this waits. `CancellationError` if the task is
  ///   cancelled while it waits. In both cases the item wasn't sent: nobody receives it. An item for which there is room
  ///   or a receiver is sent even by a cancelled task.
  @inlinable @inline(__always) public nonisolated(nonsending) func send(_ item: Element) async throws {
    guard try await items.put(item) else { throw ChannelClosed() }
  }

  /// Sends an item if there is room for it or somebody waits for it, without waiting.
  ///
  /// - Returns: False if there is neither.
  /// - Throws: `ChannelClosed` if the channel has been closed.
  @inlinable public func trySend(_ item: Element) throws(ChannelClosed) -> Bool {
    guard let isSent = items.tryPut(item) else { return false }
    if !isSent { throw ChannelClosed() }
    return true
  }

  // MARK: - Receive

  /// Takes the oldest item, and waits for one if there is none.
  ///
  /// - Returns: Nil if the channel has been closed and everything that was sent has been received.
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it takes no item then. An item that is there
  ///   is given even to a cancelled task, and so is one that came before the cancellation: nothing is lost.
  @inlinable @inline(__always) public nonisolated(nonsending) func receive() async throws -> Element? {
    try await items.get()
  }

  /// Takes the oldest item, or that of a task that waits to send, without waiting.
  ///
  /// - Returns: Nil if there is none; see `isClosed` for whether there can be another.
  @inlinable public func tryReceive() -> Element? {
    guard case .item(let item) = items.tryGet() else { return nil }
    return item
  }

  // MARK: - The end

  /// Ends the channel. Nothing can be sent any more, and tasks that wait to send get `ChannelClosed`. What was sent can
  /// be received still; after that, `receive` gives nil and iterations end. To close it again does nothing.
  public func close() { items.close() }

  // MARK: - What can be seen of it

  /// Whether it has been closed. Items may be left to receive.
  @inlinable public var isClosed: Bool { items.isClosed }

  /// How many items may be sent before one is received.
  @inlinable public var capacity: Int { items.capacity }

  /// How many items have been sent and not received yet.
  @inlinable public var count: Int { items.count }

  /// What it has seen until now.
  public var statistics: ChannelStatistics { items.channelStatistics }
}

extension Channel: AsyncSequence {
  /// Receives one item after the other. It ends when the channel has been closed and nothing is left, or when the task
  /// is cancelled while it waits. Several tasks may iterate over one channel; each item goes to one of them.
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
