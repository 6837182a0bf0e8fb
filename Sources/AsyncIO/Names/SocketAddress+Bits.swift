// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension SocketAddress {
  /// Makes an IPv4 address from its number: 0x7f000001 is 127.0.0.1.
  init?(ipv4 number: UInt32, port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    unsafe withUnsafeMutableBytes(of: &address.sin_addr) { unsafe $0.storeBytes(of: number.bigEndian, as: UInt32.self) }
    guard let known = unsafe withUnsafeBytes(of: &address, { unsafe SocketAddress(kernelForm: $0) }) else { return nil }
    self = known
  }

  /// Makes an IPv6 address from its upper and its lower half.
  init?(ipv6 high: UInt64, _ low: UInt64, scope: UInt32 = 0, port: UInt16) {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    address.sin6_scope_id = scope
    unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
      unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    guard let known = unsafe withUnsafeBytes(of: &address, { unsafe SocketAddress(kernelForm: $0) }) else { return nil }
    self = known
  }

  /// The address as an IPv6 address; an IPv4 address is mapped to ::ffff:0:0/96 (RFC 4291, §2.5.5.2).
  var ipv6Bits: (high: UInt64, low: UInt64) {
    var storage = storage.storage
    return unsafe withUnsafeBytes(of: &storage) { bytes in
      if family == .ipv4 {
        let offset = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)!
        return unsafe (0, 0xffff_0000_0000 | UInt64(bytes.load(fromByteOffset: offset, as: UInt32.self).bigEndian))
      }
      let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)!
      return unsafe (
        bytes.load(fromByteOffset: offset, as: UInt64.self).bigEndian,
        bytes.load(fromByteOffset: offset + 8, as: UInt64.self).bigEndian
      )
    }
  }

  /// Whether the address is in 127.0.0.0/8 or is ::1.
  var isLoopback: Bool {
    let (high, low) = ipv6Bits
    return family == .ipv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1
  }
}
