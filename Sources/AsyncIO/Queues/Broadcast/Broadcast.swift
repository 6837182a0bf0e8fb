// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// Sends each item to everyone who has subscribed.
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
/// A subscriber receives what is sent after it has subscribed, in that order. The items are kept once for all of them,
/// until everyone has received them; without subscribers nothing is kept. A subscriber may be `lag` items behind: what
/// happens when it would be more is the choice of who makes the broadcast, so that nobody fills the memory by being
/// slow.
///
/// A broadcast may be used from any thread and any loop. It is closed when the last reference to it goes; subscriptions
/// don't keep it.
public final class Broadcast<Element: Sendable>: Sendable {
  @usableFromInline let core: BroadcastCore<Element>
  /// How many items a subscriber may be behind.
  public let lag: Int

  /// Makes a broadcast without subscribers.
  ///
  /// - Parameters:
  ///   - lag: How many items a subscriber may be behind, from 1.
  ///   - slow: What happens when an item is sent that would be one too many for a subscriber.
  public init(lag: Int, slow: SlowConsumerPolicy, file: StaticString = #fileID, line: UInt = #line) {
    require(lag > 0, "Broadcast.init: lag is \(lag); it is 1 or more", file: file, line: line)
    core = BroadcastCore(lag: lag, policy: slow)
    self.lag = lag
  }

  deinit { core.close() }

  /// Sends an item to all subscribers. With the policy `.wait` it waits while one of them is as far behind as it may be;
  /// with the others it never waits.
  ///
  /// - Throws: `BroadcastClosed` if the broadcast has been closed, or is while this waits. `CancellationError` if the task
  ///   is cancelled while it waits. In both cases the item wasn't sent, to anybody.
  @inlinable @inline(__always) public nonisolated(nonsending) func send(_ item: Element) async throws {
    // While this waits, the broadcast is not closed by being forgotten.
    defer { withExtendedLifetime(self) {} }
    guard try await core.send(item) else { throw BroadcastClosed() }
  }

  /// Sends an item to all subscribers without waiting.
  ///
  /// - Returns: False if the policy is `.wait` and a subscriber is as far behind as it may be: then nothing was sent.
  /// - Throws: `BroadcastClosed` if the broadcast has been closed.
  @inlinable public func trySend(_ item: Element) throws(BroadcastClosed) -> Bool {
    switch core.send(item, orWait: false) {
    case .done(.sent): true
    case .done(.closed): throw BroadcastClosed()
    case .notNow, .waits: false
    }
  }

  /// Subscribes to what is sent from now on, for as long as the subscription exists. After `close` it has nothing to
  /// give.
  public func subscribe() -> Subscription { Subscription(core) }

  /// Ends the broadcast. Nothing can be sent any more, and tasks that wait to send get `BroadcastClosed`. What was sent
  /// can be received still; after that, iterations end. To close it again does nothing.
  public func close() { core.close() }

  /// Whether it has been closed.
  public var isClosed: Bool { core.state.withLock { $0.isClosed } }

  /// How many are subscribed. Those who were cut off are not.
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
