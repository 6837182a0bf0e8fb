// SPDX-License-Identifier: Apache-2.0

/// The channel has been closed: nothing more can be sent.
public struct ChannelClosed: Error, Hashable, Sendable, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  public var description: String { "the channel was closed" }
}
