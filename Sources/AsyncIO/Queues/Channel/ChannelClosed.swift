// SPDX-License-Identifier: Apache-2.0

/// A channel was closed: nothing can be sent through it any more.
public struct ChannelClosed: Error, Hashable, Sendable, CustomStringConvertible {
  public init() {}

  public var description: String { "the channel was closed" }
}
