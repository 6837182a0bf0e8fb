// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Broadcast {
  /// What a subscriber receives of a broadcast, from when it subscribed until the last reference to this goes. Then it
  /// holds up nobody any more.
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
  /// Tasks that share a subscription share its items: each goes to one of them.
  public final class Subscription: Sendable {
    @usableFromInline let core: BroadcastCore<Element>
    @usableFromInline let index: Int

    init(_ core: BroadcastCore<Element>) {
      self.core = core
      index = core.state.withLock { $0.subscribe() }
    }

    deinit { core.unsubscribe(index) }

    /// Takes the next item, and waits for one if there is none.
    ///
    /// - Returns: Nil if the broadcast has been closed and everything that was sent has been received.
    /// - Throws: `SlowConsumer` if the broadcast cuts off subscribers that are too far behind, and this one was; it
    ///   throws that from then on. `CancellationError` if the task is cancelled while it waits: it takes no item then. An
    ///   item that is there is given even to a cancelled task.
    @inlinable @inline(__always) public nonisolated(nonsending) func receive() async throws -> Element? {
      // While this waits, the subscription stands in line.
      defer { withExtendedLifetime(self) {} }
      return try await core.receive(index)
    }

    /// Takes the next item without waiting.
    ///
    /// - Returns: Nil if there is none.
    /// - Throws: `SlowConsumer` as `receive` does.
    @inlinable public func tryReceive() throws(SlowConsumer) -> Element? {
      switch core.receive(index, orWait: false) {
      case .done(.item(let item)): item
      case .done(.closed), .notNow, .waits: nil
      case .done(.tooSlow): throw core.slowConsumer
      }
    }

    /// How many items were dropped because this subscriber was too far behind.
    public var missed: Int { core.state.withLock { $0.missed(index) } }
  }
}

extension Broadcast.Subscription: AsyncSequence {
  /// Receives one item after the other. It ends when the broadcast has been closed and nothing is left, and throws as
  /// `receive` does.
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
