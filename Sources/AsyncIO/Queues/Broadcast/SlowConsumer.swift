// SPDX-License-Identifier: Apache-2.0

/// What a broadcast does when a subscriber is as far behind as it may be and another item is sent.
public enum SlowConsumerPolicy: Hashable, Sendable {
  /// The subscriber misses the oldest item that it hasn't received, and can learn how many it has missed. For values of
  /// which the latest matter: positions, prices, progress.
  case dropOldest
  /// The subscriber is cut off: what it receives next is a `SlowConsumer` error. For streams that are worthless with a
  /// gap in them, and where nobody may hold up the others.
  case disconnect
  /// `send` waits until the subscriber has received its oldest item. For streams of which everybody needs every item.
  case wait
}

/// A subscriber was further behind than its broadcast allows, and has been cut off.
public struct SlowConsumer: Error, Hashable, Sendable, CustomStringConvertible {
  /// How many items it was allowed to be behind.
  public let lag: Int

  public init(lag: Int) { self.lag = lag }

  public var description: String { "the subscriber was more than \(lag) item\(lag == 1 ? "" : "s") behind" }
}

/// A broadcast was closed: nothing can be sent through it any more.
public struct BroadcastClosed: Error, Hashable, Sendable, CustomStringConvertible {
  public init() {}

  public var description: String { "the broadcast was closed" }
}
