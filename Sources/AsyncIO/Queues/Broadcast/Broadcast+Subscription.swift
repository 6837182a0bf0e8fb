// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Broadcast {
  /// Receives what a broadcast sends, from the moment of subscribing until the last reference to the subscription goes.
  /// From then on it holds up no sender.
  ///
  /// ```swift
  /// let news = Broadcast<String>(lag: 100, slow: .disconnect)
  /// let reading = Task { [subscription = news.subscribe()] in
  ///   do {
  ///     for try await line in subscription { print(line) }
  ///   } catch is SlowConsumer {
  ///     print("that was too much")
  ///   }
  /// }
  /// try await news.send("one")
  /// news.close()
  /// try await reading.value
  /// ```
  ///
  /// Tasks that share a subscription share its items: each item goes to one of them.
  public final class Subscription: Sendable {
    @usableFromInline let core: BroadcastCore<Element>
    @usableFromInline let index: Int

    init(_ core: BroadcastCore<Element>) {
      self.core = core
      index = core.state.withLock { $0.subscribe() }
    }

    deinit { core.unsubscribe(index) }

    /// Takes the next item, and waits for one if necessary.
    ///
    /// - Returns: Nil if the broadcast has been closed and every item has been received.
    /// - Throws: `SlowConsumer`, now and on every later call, if the broadcast has cut this subscriber off for being
    ///   too far behind. `CancellationError` if the task is cancelled while it waits: it takes no item then. An
    ///   available item is given even to a cancelled task.
    @inlinable @inline(__always) public nonisolated(nonsending) func receive() async throws -> Element? {
      // The subscription stays in line while this waits.
      defer { withExtendedLifetime(self) {} }
      return try await core.receive(index)
    }

    /// Takes the next item without waiting.
    ///
    /// - Returns: Nil if no item is available.
    /// - Throws: `SlowConsumer`, as `receive` does.
    @inlinable public func tryReceive() throws(SlowConsumer) -> Element? {
      switch core.receive(index, orWait: false) {
      case .done(.item(let item)): item
      case .done(.closed), .notNow, .waits: nil
      case .done(.tooSlow): throw core.slowConsumer
      }
    }

    /// The number of items that this subscription missed because it was too far behind.
    public var missed: Int { core.state.withLock { $0.missed(index) } }
  }
}

extension Broadcast.Subscription: AsyncSequence {
  /// Receives one item after the other. Ends when the broadcast has been closed and every item has been received.
  /// Throws as `receive` does.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let subscription: Broadcast.Subscription

    @inlinable init(_ subscription: Broadcast.Subscription) { self.subscription = subscription }

    /// - Throws: As `receive` does.
    @inlinable public mutating func next() async throws -> Element? {
      try await subscription.receive()
    }

    @inlinable public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
      try await subscription.receive()
    }
  }

  @inlinable public func makeAsyncIterator() -> Iterator { Iterator(self) }
}
