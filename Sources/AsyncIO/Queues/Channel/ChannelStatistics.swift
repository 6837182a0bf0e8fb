// SPDX-License-Identifier: Apache-2.0

/// The counts of a channel at one moment.
///
/// ```swift
/// let channel = Channel<Int>(capacity: 8)
/// try await channel.send(1)
/// print(channel.statistics.count)  // 1
/// ```
public struct ChannelStatistics: Hashable, Sendable {
  /// The number of items under way: sent, and not received yet.
  public let count: Int
  /// The most items that were under way at a time.
  public let peak: Int
  /// The number of tasks that wait for their item to be taken.
  public let sendersWaiting: Int
  /// The number of tasks that wait for an item.
  public let receiversWaiting: Int
  /// The number of items sent since the channel was made.
  public let totalSent: Int
  /// The number of items received since the channel was made.
  public let totalReceived: Int
  /// Whether the channel has been closed.
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
