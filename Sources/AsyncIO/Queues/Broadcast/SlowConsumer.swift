// SPDX-License-Identifier: Apache-2.0

/// What a broadcast does about a subscriber that is `lag` items behind when another item is sent.
public enum SlowConsumerPolicy: Hashable, Sendable {
  /// The subscriber misses its oldest item, and `missed` counts it. For values of which the latest matter: positions,
  /// prices, progress.
  case dropOldest
  /// The subscriber is cut off: it receives a `SlowConsumer` error next. For streams that are worthless with a gap in
  /// them, where no subscriber may hold up the others.
  case disconnect
  /// `send` waits until the subscriber has received its oldest item. For streams of which every subscriber needs every
  /// item.
  case wait
}

/// A subscriber fell further behind than its broadcast allows, and was cut off.
public struct SlowConsumer: Error, Hashable, Sendable, CustomStringConvertible {
  /// The number of items that the subscriber was allowed to be behind.
  public let lag: Int

  /// Makes the error for a subscriber that was allowed to be `lag` items behind.
  public init(lag: Int) { self.lag = lag }

  public var description: String { "the subscriber was more than \(lag) item\(lag == 1 ? "" : "s") behind" }
}

/// The broadcast has been closed: nothing more can be sent.
public struct BroadcastClosed: Error, Hashable, Sendable, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  public var description: String { "the broadcast was closed" }
}
