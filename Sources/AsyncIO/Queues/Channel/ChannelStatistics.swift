// SPDX-License-Identifier: Apache-2.0

/// What a channel has seen, at one moment.
///
/// ```swift
/// let channel = Channel<Int>(capacity: 8)
/// try await channel.send(1)
/// print(channel.statistics.count)  // 1
/// ```
public struct ChannelStatistics: Hashable, Sendable {
  /// How many items are under way: sent, and not received yet.
  public let count: Int
  /// The most that have been under way at a time.
  public let peak: Int
  /// How many tasks wait for their item to be taken.
  public let sendersWaiting: Int
  /// How many tasks wait for an item.
  public let receiversWaiting: Int
  /// How many items have been sent since it was made.
  public let totalSent: Int
  /// How many items have been received since it was made.
  public let totalReceived: Int
  /// Whether it has been closed.
  public let isClosed: Bool
}

extension Handover {
  var channelStatistics: ChannelStatistics {
    let seen = snapshot
    return ChannelStatistics(
      count: seen.count, peak: seen.peak, sendersWaiting: seen.putters, receiversWaiting: seen.getters,
      totalSent: seen.totalPut, totalReceived: seen.totalGot, isClosed: seen.isClosed)
  }

  /// `Channel(8 of 8 items, 2 waiting to send, closed)`
  var channelDescription: String {
    let seen = snapshot
    var parts = [seen.items]
    if seen.putters > 0 { parts.append("\(seen.putters) waiting to send") }
    if seen.getters > 0 { parts.append("\(seen.getters) waiting to receive") }
    if seen.isClosed { parts.append("closed") }
    return "\(kind.typeName)(\(parts.joined(separator: ", ")))"
  }
}
