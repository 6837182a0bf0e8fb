// SPDX-License-Identifier: Apache-2.0

/// The origin of a connection, for limits: an IPv4 address, or the network of an IPv6 address. An IPv6 host can use any
/// of the 2^64 addresses of its network (RFC 4291, 2.5.1), so a single one identifies nothing.
package struct PeerNetwork: Hashable, Sendable {
  private let high: UInt64
  private let low: UInt64

  /// Nil for peers of a Unix socket, which have no address.
  package init?(_ address: SocketAddress) {
    switch address.family {
    case .unix: return nil
    case .ipv4: self.init(fourBytes: UInt64(UInt32(truncatingIfNeeded: address.high).bigEndian))
    case .ipv6:
      let (prefix, interface) = (address.high.bigEndian, address.low.bigEndian)
      if prefix == 0 && interface >> 32 == 0xffff {
        // IPv4 through a socket that accepts both families: ::ffff:192.0.2.1.
        self.init(fourBytes: interface & 0xffff_ffff)
      } else {
        // Hosts on a link share the prefix fe80::/64, so their full addresses count.
        self.init(high: prefix, low: prefix >> 54 == 0xfe80 >> 6 ? interface : 0)
      }
    }
  }

  private init(fourBytes: UInt64) { self.init(high: 0, low: 0xffff_0000_0000 | fourBytes) }

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}
