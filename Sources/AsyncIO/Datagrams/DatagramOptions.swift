// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The options for opening a datagram socket.
///
/// ```swift
/// var options = DatagramOptions()
/// options.receiveBuffer = 4 * 1024 * 1024
/// options.allowsBroadcast = true
/// ```
public struct DatagramOptions: Sendable {
  /// How many bytes may wait in this program to be received. Each datagram counts 64 bytes besides its own. Beyond that
  /// the kernel's buffer fills, and then the kernel drops what arrives (`DatagramStatistics.dropped`).
  public var queueLimit = 1024 * 1024

  /// The size of the kernel's receive buffer in bytes (SO_RCVBUF); nil for the system's default, often 208 KiB. Linux
  /// doubles the number for its own needs, and limits it by net.core.rmem_max; socket(7).
  public var receiveBuffer: Int?
  /// The size of the kernel's send buffer in bytes (SO_SNDBUF); nil for the system's default. Linux doubles the number
  /// for its own needs, and limits it by net.core.wmem_max; socket(7).
  public var sendBuffer: Int?

  /// Whether datagrams may be sent to a broadcast address (SO_BROADCAST); otherwise that fails with EACCES.
  public var allowsBroadcast = false

  /// Whether several sockets may share one address (SO_REUSEPORT): the kernel then spreads the senders over them.
  public var reusePort = false

  /// Whether sockets that all set this may share one address (SO_REUSEADDR). A datagram to the address itself goes to
  /// the latest socket, one to a group or a broadcast address to all.
  public var reuseAddress = false

  /// How many routers a datagram may pass, 1 to 255 (IP_TTL, IPV6_UNICAST_HOPS); nil for the system's default.
  public var timeToLive: Int?

  /// Whether received datagrams carry their destination address and interface (IP_PKTINFO).
  public var receivesDestination = false

  /// Whether the kernel may deliver a row of datagrams from one sender in one piece (UDP_GRO, Linux 5.0). The row is
  /// split here. Much cheaper if a peer sends many at once.
  public var coalesces = false

  /// How many routers a datagram to a group may pass (IP_MULTICAST_TTL); nil for the system's default, 1.
  public var multicastTimeToLive: Int?

  /// Whether datagrams to a group also arrive on this host (IP_MULTICAST_LOOP); nil for the system's default, yes.
  public var multicastLoopback: Bool?

  /// The interface by which datagrams to a group leave (IP_MULTICAST_IF).
  public var multicastInterface = NetworkInterface.any

  /// Makes the default options.
  public init() {}

  var socketOptions: [SocketOption] {
    var list: [SocketOption] = []
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
