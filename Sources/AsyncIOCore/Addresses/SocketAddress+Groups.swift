// SPDX-License-Identifier: Apache-2.0

extension SocketAddress {
  /// Whether it names a group of hosts: 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, 2.7).
  ///
  /// ```swift
  /// print(SocketAddress("224.0.0.251", port: 5353)!.isMulticast)  // true
  /// ```
  public var isMulticast: Bool {
    switch family {
    // The first byte of an address is the lowest of `high`.
    case .ipv4: high & 0xf0 == 0xe0
    case .ipv6: high & 0xff == 0xff
    case .unix: false
    }
  }

  /// Whether it is 255.255.255.255, every host of the network at hand.
  package var isLimitedBroadcast: Bool { family == .ipv4 && high & 0xffff_ffff == 0xffff_ffff }
}
