// SPDX-License-Identifier: Apache-2.0
// Only the loop's thread counts, and any thread reads. So a relaxed load and a relaxed store suffice, without a locked
// instruction.

import Synchronization

/// The counts of a datagram socket so far.
public struct DatagramStatistics: Hashable, Sendable {
  /// Datagrams handed to the kernel.
  public let sent: Int
  /// The bytes of the datagrams handed to the kernel.
  public let bytesSent: Int
  /// Datagrams that arrived in this program.
  public let received: Int
  /// The bytes of the datagrams that arrived in this program.
  public let bytesReceived: Int
  /// Datagrams that the kernel dropped because the socket's buffer was full (SO_RXQ_OVFL). The kernel reports them with
  /// the next datagram that gets through.
  public let dropped: Int
  /// Received datagrams that were longer than the memory that received them, and lost their ends.
  public let truncated: Int
  /// Errors that the network reported: a closed port, a missing route.
  public let errors: Int
}

final class DatagramCounters: Sendable {
  private let sent = Atomic(0)
  private let bytesSent = Atomic(0)
  private let received = Atomic(0)
  private let bytesReceived = Atomic(0)
  private let dropped = Atomic(0)
  private let truncated = Atomic(0)
  private let errors = Atomic(0)

  private static func add(_ count: Int, to counter: borrowing Atomic<Int>) {
    counter.store(counter.load(ordering: .relaxed) &+ count, ordering: .relaxed)
  }

  func addSent(_ count: Int, bytes: Int) {
    Self.add(count, to: sent)
    Self.add(bytes, to: bytesSent)
  }

  func addReceived(bytes: Int, isTruncated: Bool) {
    Self.add(1, to: received)
    Self.add(bytes, to: bytesReceived)
    if isTruncated { Self.add(1, to: truncated) }
  }

  func addDropped(_ count: Int) { Self.add(count, to: dropped) }
  func addError() { Self.add(1, to: errors) }

  var snapshot: DatagramStatistics {
    DatagramStatistics(
      sent: sent.load(ordering: .relaxed), bytesSent: bytesSent.load(ordering: .relaxed),
      received: received.load(ordering: .relaxed), bytesReceived: bytesReceived.load(ordering: .relaxed),
      dropped: dropped.load(ordering: .relaxed), truncated: truncated.load(ordering: .relaxed),
      errors: errors.load(ordering: .relaxed))
  }
}
