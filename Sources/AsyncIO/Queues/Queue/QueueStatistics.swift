// SPDX-License-Identifier: Apache-2.0

/// The counts of a queue at one moment.
///
/// ```swift
/// let queue = Queue<Int>(maxSize: 8)
/// try await queue.put(1)
/// print(queue.statistics.peak)  // 1
/// ```
public struct QueueStatistics: Hashable, Sendable {
  /// The number of items in the queue.
  public let count: Int
  /// The most items that were in the queue at a time.
  public let peak: Int
  /// The number of tasks that wait for room.
  public let puttersWaiting: Int
  /// The number of tasks that wait for an item.
  public let gettersWaiting: Int
  /// The number of items put since the queue was made.
  public let totalPut: Int
  /// The number of items gotten since the queue was made.
  public let totalGot: Int
  /// The number of items put that `taskDone` hasn't counted yet.
  public let unfinished: Int
  /// Whether the queue has been shut down.
  public let isShutDown: Bool
}

extension Handover {
  var queueStatistics: QueueStatistics {
    let seen = snapshot
    return QueueStatistics(
      count: seen.count, peak: seen.peak, puttersWaiting: seen.putters, gettersWaiting: seen.getters,
      totalPut: seen.totalPut, totalGot: seen.totalGot, unfinished: seen.unfinished, isShutDown: seen.isClosed)
  }

  /// `Queue(1 of 8 items, 2 waiting to get, 3 unfinished, shut down)`
  var queueDescription: String {
    let seen = snapshot
    var parts = [seen.items]
    if seen.putters > 0 { parts.append("\(seen.putters) waiting to put") }
    if seen.getters > 0 { parts.append("\(seen.getters) waiting to get") }
    if seen.unfinished > 0 { parts.append("\(seen.unfinished) unfinished") }
    if seen.isClosed { parts.append("shut down") }
    return "\(kind.typeName)(\(parts.joined(separator: ", ")))"
  }
}
