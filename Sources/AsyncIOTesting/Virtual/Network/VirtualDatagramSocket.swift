// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// A datagram in flight or received.
struct VirtualDatagram {
  var source: SocketAddress
  var destination: SocketAddress
  var bytes: [UInt8]
}

/// A key for the sockets that a datagram may be for.
enum VirtualDatagramPort: Hashable {
  case port(UInt16)
  case name(SocketAddress)

  init(_ address: SocketAddress) { self = address.family == .unix ? .name(address) : .port(address.port) }
}

/// A datagram socket of a process on one of the virtual hosts.
struct VirtualDatagramSocket {
  /// The share of the receive buffer that Linux charges for a small datagram, besides its bytes.
  static let overhead = 512
  /// net.core.rmem_default
  static let defaultCapacity = 212_992
  /// net.unix.max_dgram_qlen plus one: the sender to a Unix socket waits, and datagrams are not lost.
  static let longestUnixQueue = 11

  var local: SocketAddress
  var peer: SocketAddress?
  var reusesPort = false
  var reusesAddress = false
  var mayBroadcast = false
  var wantsDestination = false
  var reachesOwnHost = true
  /// The groups it has joined, each with port 0.
  var groups: Set<SocketAddress> = []

  private var queue: [VirtualDatagram] = []
  private var head = 0
  private var queuedBytes = 0
  var capacity = Self.defaultCapacity
  var dropped: UInt32 = 0
  /// For a Unix socket: how many datagrams are in flight to it.
  var arriving = 0
  /// Senders that found its queue full.
  var blocked: [Int32] = []
  /// Whether this socket waits as such a sender.
  var isBlocked = false
  /// The error of the next call, reported once; SO_ERROR.
  var error: Int32 = 0

  init(local: SocketAddress, peer: SocketAddress?) {
    self.local = local
    self.peer = peer
  }

  var count: Int { queue.count - head }

  var isFullForUnix: Bool { count + arriving >= Self.longestUnixQueue }

  /// Appends a datagram to the queue, or drops it if it does not fit.
  mutating func append(_ datagram: VirtualDatagram) {
    guard local.family == .unix || queuedBytes < capacity else {
      dropped &+= 1
      return
    }
    queue.append(datagram)
    queuedBytes += datagram.bytes.count + Self.overhead
  }

  mutating func popFirst() -> VirtualDatagram? {
    guard head < queue.count else { return nil }
    let first = queue[head]
    head += 1
    queuedBytes -= first.bytes.count + Self.overhead
    if head == queue.count || head >= 64 {
      queue.removeFirst(head)
      head = 0
    }
    return first
  }
}
