// SPDX-License-Identifier: Apache-2.0
// The order in which to try a host's addresses: RFC 6724, §6, with the default policies of §2.1. For each address it
// needs the address that this machine would send from, nil without a route. Two rules differ. Those about deprecated,
// home and tunnelled addresses (3, 4, 7) are left out, since the kernel doesn't tell us. The longest prefix (9) applies
// to IPv6 only: among IPv4 addresses it would undo a name server's rotation.

import AsyncIOCore
import Glibc

enum DestinationOrder {
  /// The addresses in the order in which to try them.
  static func sorted(_ addresses: [SocketAddress], source: (SocketAddress) -> SocketAddress?) -> [SocketAddress] {
    let rated = addresses.map { Rated($0, from: source($0)) }
    return rated.enumerated().sorted { left, right in
      left.element.isBefore(right.element) ?? (left.offset < right.offset)
    }.map(\.element.address)
  }

  private struct Rated {
    let address: SocketAddress
    let isUsable: Bool
    let scopesMatch: Bool
    let labelsMatch: Bool
    let policy: Policy
    let scope: Scope
    let commonPrefix: Int

    init(_ address: SocketAddress, from source: SocketAddress?) {
      self.address = address
      let bits = Bits(address)
      policy = Policy.of(bits)
      scope = Scope(of: bits)
      isUsable = source != nil
      let sourceBits = source.map { Bits($0) }
      scopesMatch = sourceBits.map { Scope(of: $0) } == scope
      labelsMatch = sourceBits.map { Policy.of($0).label } == policy.label
      commonPrefix = sourceBits.map { bits.commonPrefix(with: $0) } ?? 0
    }

    /// Whether this address comes first; nil if neither is better.
    func isBefore(_ other: Rated) -> Bool? {
      // Rules 1, 2, 5, 6, 8 and 9.
      if isUsable != other.isUsable { return isUsable }
      if scopesMatch != other.scopesMatch { return scopesMatch }
      if labelsMatch != other.labelsMatch { return labelsMatch }
      if policy.precedence != other.policy.precedence { return policy.precedence > other.policy.precedence }
      if scope != other.scope { return scope.rawValue < other.scope.rawValue }
      let bothAreIPv6 = address.family == .ipv6 && other.address.family == .ipv6
      if bothAreIPv6 && commonPrefix != other.commonPrefix { return commonPrefix > other.commonPrefix }
      return nil
    }
  }

  struct Bits: Equatable {
    var high: UInt64
    var low: UInt64

    init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }

    init(_ address: SocketAddress) { (high, low) = address.ipv6Bits }

    /// The length of the common prefix within the 64 bits that name a network; interface identifiers aren't compared
    /// (§2.2).
    func commonPrefix(with other: Bits) -> Int { (high ^ other.high).leadingZeroBitCount }

    func begins(with prefix: Bits, length: Int) -> Bool {
      let highMask: UInt64 = length >= 64 ? .max : length == 0 ? 0 : .max << UInt64(64 - length)
      let lowMask: UInt64 = length <= 64 ? 0 : .max << UInt64(128 - length)
      return (high ^ prefix.high) & highMask == 0 && (low ^ prefix.low) & lowMask == 0
    }

    var isMappedIPv4: Bool { high == 0 && low >> 32 == 0xffff }
  }

  /// A row of the policy table of §2.1.
  struct Policy: Equatable {
    let precedence: Int
    let label: Int

    static func of(_ bits: Bits) -> Policy {
      // From the longest prefix to the shortest.
      for (prefix, length, policy) in table where bits.begins(with: prefix, length: length) { return policy }
      return Policy(precedence: 40, label: 1)
    }

    private static let table: [(prefix: Bits, length: Int, policy: Policy)] = [
      (Bits(high: 0, low: 1), 128, Policy(precedence: 50, label: 0)),
      (Bits(high: 0, low: 0xffff_0000_0000), 96, Policy(precedence: 35, label: 4)),
      (Bits(high: 0, low: 0), 96, Policy(precedence: 1, label: 3)),
      (Bits(high: 0x2001_0000_0000_0000, low: 0), 32, Policy(precedence: 5, label: 5)),
      (Bits(high: 0x2002_0000_0000_0000, low: 0), 16, Policy(precedence: 30, label: 2)),
      (Bits(high: 0x3ffe_0000_0000_0000, low: 0), 16, Policy(precedence: 1, label: 12)),
      (Bits(high: 0xfec0_0000_0000_0000, low: 0), 10, Policy(precedence: 1, label: 11)),
      (Bits(high: 0xfc00_0000_0000_0000, low: 0), 7, Policy(precedence: 3, label: 13)),
    ]
  }

  /// The scope of an address: §3.1 and §3.2.
  enum Scope: Int {
    case linkLocal = 2
    case siteLocal = 5
    case global = 14

    init(of bits: Bits) {
      if bits.isMappedIPv4 {
        let isLinkLocal = bits.low >> 24 & 0xff == 127 || bits.low >> 16 & 0xffff == 0xa9fe
        self = isLinkLocal ? .linkLocal : .global
      } else if bits == Bits(high: 0, low: 1) || bits.begins(with: Bits(high: 0xfe80 << 48, low: 0), length: 10) {
        self = .linkLocal
      } else if bits.begins(with: Bits(high: 0xfec0 << 48, low: 0), length: 10) {
        self = .siteLocal
      } else {
        self = .global
      }
    }
  }
}

extension SocketAddress {
  /// The address that this machine sends from to reach this one; nil without a route. Nothing is sent: connect(2) on a
  /// datagram socket only looks up the route.
  var sourceOfThisMachine: SocketAddress? {
    var target = self
    // A route doesn't depend on the port, and 0 isn't a valid one.
    if target.port == 0 { target.port = 53 }
    let descriptor = SystemCall.socket(for: target, .datagrams)
    guard descriptor >= 0 else { return nil }
    defer { SystemCall.close(descriptor) }
    return SystemCall.connect(descriptor, to: target) < 0 ? nil : SystemCall.localAddress(of: descriptor)
  }
}
