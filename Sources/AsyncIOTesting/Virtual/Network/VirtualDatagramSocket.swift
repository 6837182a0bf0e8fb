// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// A datagram on its way, or received.
struct VirtualDatagram {
  var source: SocketAddress
  var destination: SocketAddress
  var bytes: [UInt8]
}

/// What names the sockets that a datagram may be for.
enum VirtualDatagramPort: Hashable {
  case port(UInt16)
  case name(SocketAddress)

  init(_ address: SocketAddress) { self = address.family == .unix ? .name(address) : .port(address.port) }
}

/// A socket of datagrams, of a process on one of the virtual hosts.
struct VirtualDatagramSocket {
  /// As Linux counts it: what a small datagram takes of the receive buffer besides its bytes.
  static let overhead = 512
  /// net.core.rmem_default
  static let defaultCapacity = 212_992
  /// net.unix.max_dgram_qlen and one more: a sender to a Unix socket waits instead of losing.
  static let longestUnixQueue = 11

  var local: SocketAddress
  var peer: SocketAddress?
  var reusesPort = false
  var reusesAddress = false
  var mayBroadcast = false
  var wantsDestination = false
  var reachesOwnHost = true
  /// The groups it has joined, with port 0.
  var groups: Set<SocketAddress> = []

  private var queue: [VirtualDatagram] = []
  private var head = 0
  private var queuedBytes = 0
  var capacity = Self.defaultCapacity
  var dropped: UInt32 = 0
  /// Of a Unix socket: on their way to it.
  var arriving = 0
  /// Senders that found it full.
  var blocked: [Int32] = []
  /// Whether this socket is such a sender.
  var isBlocked = false
  /// What the next call fails with, once; SO_ERROR.
  var error: Int32 = 0

  init(local: SocketAddress, peer: SocketAddress?) {
    self.local = local
    self.peer = peer
  }

  var count: Int { queue.count - head }

  var isFullForUnix: Bool { count + arriving >= Self.longestUnixQueue }

  /// Takes a datagram into the queue; one that finds no room is dropped.
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
