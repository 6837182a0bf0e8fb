// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// How a socket of datagrams is opened.
///
/// ```swift
/// var options = DatagramOptions()
/// options.receiveBuffer = 4 * 1024 * 1024
/// options.allowsBroadcast = true
/// ```
public struct DatagramOptions: Sendable {
  /// How many bytes may wait in this program to be received, each datagram counted with 64 bytes of its own. When there
  /// are more, the kernel's buffer fills, and then it drops what arrives (`DatagramStatistics.dropped`).
  public var queueLimit = 1024 * 1024

  /// The kernel's buffers in bytes, SO_RCVBUF and SO_SNDBUF; nil is the system's default, often 208 KiB. Linux doubles
  /// the number for its own needs, and limits it by net.core.rmem_max and wmem_max; socket(7).
  public var receiveBuffer: Int?
  public var sendBuffer: Int?

  /// Whether datagrams may be sent to a broadcast address (SO_BROADCAST); without, that fails with EACCES.
  public var allowsBroadcast = false

  /// Whether several sockets may have one address (SO_REUSEPORT): the kernel then spreads the senders over them.
  public var reusePort = false

  /// Whether an address can be taken that another socket has which also said so (SO_REUSEADDR): what is sent to the
  /// address itself goes to the latest one, what is sent to a group or broadcast to all.
  public var reuseAddress = false

  /// How many routers a datagram may pass, 1 to 255: IP_TTL or IPV6_UNICAST_HOPS. Nil is the system's default.
  public var timeToLive: Int?

  /// Whether received datagrams come with the address that they were sent to and the interface (IP_PKTINFO).
  public var receivesDestination = false

  /// Whether the kernel may hand over a row of datagrams of one sender as a whole, to be taken apart here (UDP_GRO,
  /// Linux 5.0): much cheaper where a peer sends many at once.
  public var coalesces = false

  /// How many routers a datagram to a group may pass; IP_MULTICAST_TTL. Nil is the system's default, 1.
  public var multicastTimeToLive: Int?

  /// Whether datagrams to a group are received on this host too; IP_MULTICAST_LOOP. Nil is the system's default, yes.
  public var multicastLoopback: Bool?

  /// Where datagrams to a group leave; IP_MULTICAST_IF.
  public var multicastInterface = NetworkInterface.any

  public init() {}

  var socketOptions: [DatagramOption] {
    var list: [DatagramOption] = []
    if let receiveBuffer { list.append(.receiveBuffer(receiveBuffer)) }
    if let sendBuffer { list.append(.sendBuffer(sendBuffer)) }
    if allowsBroadcast { list.append(.broadcast) }
    if reusePort { list.append(.reusePort) }
    if reuseAddress { list.append(.reuseAddress) }
    if let timeToLive { list.append(.timeToLive(timeToLive)) }
    if receivesDestination { list.append(.destination) }
    if coalesces { list.append(.coalescing) }
    if let multicastTimeToLive { list.append(.multicastTimeToLive(multicastTimeToLive)) }
    if let multicastLoopback { list.append(.multicastLoopback(multicastLoopback)) }
    if multicastInterface != .any { list.append(.multicastInterface(multicastInterface.index)) }
    return list
  }
}
