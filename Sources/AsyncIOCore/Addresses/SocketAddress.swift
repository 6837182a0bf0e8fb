// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The address of a socket: an IPv4 or IPv6 address with a port, or the name of a Unix socket.
///
/// ```swift
/// let address = SocketAddress("127.0.0.1", port: 8080)!
/// print(address)                                    // 127.0.0.1:8080
/// print(SocketAddress("::1", port: 80)!)            // [::1]:80
/// print(SocketAddress("fe80::1%lo", port: 80)!)     // [fe80::1%lo]:80
/// print(SocketAddress(unixPath: "/run/app.sock")!)  // /run/app.sock
/// ```
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address family.
  public enum Family: Hashable, Sendable {
    case ipv4, ipv6, unix
  }

  /// The address family.
  public let family: Family
  /// The port, in host byte order; 0 for a Unix socket.
  public var port: UInt16
  /// The zone of a link-local IPv6 address as the number of its interface; 0 otherwise.
  public let scope: UInt32
  // Network byte order; IPv4 uses the first four bytes of `high`.
  let high: UInt64
  let low: UInt64
  /// The name of a Unix socket in the form of unix(7): a path, or a zero byte and an abstract name, or empty.
  let unixName: [UInt8]

  /// An address from a numeric host, without a name look-up: `127.0.0.1`, `::1`, `fe80::1%eth0`. Nil for anything else.
  ///
  /// The text after `%` is the zone of an IPv6 address (RFC 4007, §11): the name of an interface of this machine, or a
  /// number.
  public init?(_ numericHost: String, port: UInt16) {
    // C would stop at a zero byte and ignore the rest.
    if numericHost.utf8.contains(0) { return nil }
    var four = in_addr()
    if unsafe inet_pton(AF_INET, numericHost, &four) == 1 {
      self.init(four, port: port)
      return
    }
    var six = in6_addr()
    if unsafe inet_pton(AF_INET6, numericHost, &six) == 1 {
      self.init(six, port: port, scope: 0)
      return
    }
    guard let mark = numericHost.utf8.firstIndex(of: UInt8(ascii: "%")),
      unsafe inet_pton(AF_INET6, String(numericHost[..<mark]), &six) == 1,
      let scope = Self.scope(ofZone: String(numericHost[numericHost.utf8.index(after: mark)...]))
    else { return nil }
    self.init(six, port: port, scope: scope)
  }

  /// 127.0.0.1.
  public static func loopback(port: UInt16) -> SocketAddress {
    SocketAddress(in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), port: port)
  }

  init(_ address: in_addr, port: UInt16) {
    self.init(family: .ipv4, port: port, high: UInt64(address.s_addr))
  }

  init(_ address: in6_addr, port: UInt16, scope: UInt32) {
    let (high, low) = unsafe unsafeBitCast(address, to: (UInt64, UInt64).self)
    self.init(family: .ipv6, port: port, scope: scope, high: high, low: low)
  }

  init(
    family: Family, port: UInt16 = 0, scope: UInt32 = 0, high: UInt64 = 0, low: UInt64 = 0, unixName: [UInt8] = []
  ) {
    self.family = family
    self.port = port
    self.scope = scope
    self.high = high
    self.low = low
    self.unixName = unixName
  }

  /// The host without the port: `127.0.0.1`, `::1`, `fe80::1%eth0`; for a Unix socket, its name.
  public var host: String {
    if family == .unix { return unixDescription }
    // INET6_ADDRSTRLEN
    let number = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { text in
      if family == .ipv4 {
        var address = in_addr(s_addr: UInt32(truncatingIfNeeded: high))
        unsafe inet_ntop(AF_INET, &address, text.baseAddress, 46)
      } else {
        var address = unsafe unsafeBitCast((high, low), to: in6_addr.self)
        unsafe inet_ntop(AF_INET6, &address, text.baseAddress, 46)
      }
      return unsafe String(cString: text.baseAddress.unsafelyUnwrapped)
    }
    return zone.map { "\(number)%\($0)" } ?? number
  }

  /// The host with the port: `127.0.0.1:8080`, `[::1]:80`; for a Unix socket, its name.
  public var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    case .unix: unixDescription
    }
  }
}
