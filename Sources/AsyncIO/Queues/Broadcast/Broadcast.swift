// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// Sends each item to every subscriber.
///
/// ```swift
/// let prices = Broadcast<Double>(lag: 16, slow: .dropOldest)
/// let subscription = prices.subscribe()
/// let watching = Task {
///   for try await price in subscription { print(price, subscription.missed) }
/// }
/// try await prices.send(99.5)
/// prices.close()
/// try await watching.value
/// ```
///
/// A subscriber receives, in order, what is sent after it subscribed. Each item is kept once, until every subscriber
/// has received it; without subscribers nothing is kept. A subscriber may be `lag` items behind. The `slow` policy
/// decides what happens when it would fall further behind, so no slow subscriber fills the memory.
///
/// A broadcast may be used from any thread and any loop. It is closed when the last reference to it goes; subscriptions
/// don't keep it.
public final class Broadcast<Element: Sendable>: Sendable {
  @usableFromInline let core: BroadcastCore<Element>
  /// The number of items that a subscriber may be behind.
  public let lag: Int

  /// Makes a broadcast without subscribers.
  ///
  /// - Parameters:
  ///   - lag: The number of items that a subscriber may be behind, from 1.
  ///   - slow: What happens when an item is sent that would put a subscriber further behind.
  public init(lag: Int, slow: SlowConsumerPolicy, file: StaticString = #fileID, line: UInt = #line) {
    require(lag > 0, "Broadcast.init: lag is \(lag); it must be 1 or more", file: file, line: line)
    core = BroadcastCore(lag: lag, policy: slow)
    self.lag = lag
  }

  deinit { core.close() }

  /// Sends an item to all subscribers. With the policy `.wait` it waits while a subscriber is `lag` items behind. With
  /// the other policies it never waits.
  ///
  /// - Throws: `BroadcastClosed` if the broadcast has been closed, or is closed while this waits. `CancellationError`
  ///   if the task is cancelled while it waits. In both cases no subscriber gets the item.
  @inlinable @inline(__always) public nonisolated(nonsending) func send(_ item: Element) async throws {
    // The broadcast must not be closed by its last reference going while this waits.
    defer { withExtendedLifetime(self) {} }
    guard try await core.send(item) else { throw BroadcastClosed() }
  }

  /// Sends an item to all subscribers without waiting.
  ///
  /// - Returns: False if the policy is `.wait` and a subscriber is `lag` items behind: then nothing was sent.
  /// - Throws: `BroadcastClosed` if the broadcast has been closed.
  @inlinable public func trySend(_ item: Element) throws(BroadcastClosed) -> Bool {
    switch core.send(item, orWait: false) {
    case .done(.sent): true
    case .done(.closed): throw BroadcastClosed()
    case .notNow, .waits: false
    }
  }

  /// Subscribes to what is sent from now on, for as long as the subscription exists. A subscription to a closed
  /// broadcast receives nothing.
  public func subscribe() -> Subscription { Subscription(core) }

  /// Closes the broadcast. Nothing more can be sent, and tasks that wait to send get `BroadcastClosed`. Subscribers
  /// still receive what was sent; then iterations end. Closing again does nothing.
  public func close() { core.close() }

  /// Whether the broadcast has been closed.
  public var isClosed: Bool { core.state.withLock { $0.isClosed } }

  /// The number of subscribers, without those that were cut off.
  public var subscriberCount: Int { core.state.withLock { $0.subscriberCount } }
}

extension Broadcast: CustomStringConvertible {
  public var description: String {
    let (count, waiting, isClosed) = core.state.withLock { ($0.subscriberCount, $0.senders.count, $0.isClosed) }
    var parts = ["\(count) subscriber\(count == 1 ? "" : "s")"]
    if waiting > 0 { parts.append("\(waiting) waiting to send") }
    if isClosed { parts.append("closed") }
    return "Broadcast(\(parts.joined(separator: ", ")))"
  }
}
