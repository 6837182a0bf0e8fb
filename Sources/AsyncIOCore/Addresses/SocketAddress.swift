// SPDX-License-Identifier: Apache-2.0

package import CLinux
import Glibc

/// An IPv4 or IPv6 address with a port.
///
/// ```swift
/// let address = SocketAddress("127.0.0.1", port: 8080)!
/// print(address)                                    // 127.0.0.1:8080
/// print(SocketAddress("::1", port: 80)!)            // [::1]:80
/// ```
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address family.
  public enum Family: Hashable, Sendable {
    case ipv4, ipv6
  }

  public let family: Family
  /// In host byte order.
  public var port: UInt16
  /// The zone of a link-local IPv6 address; 0 otherwise.
  public let scope: UInt32
  // Network byte order; IPv4 uses the first four bytes of `high`.
  private let high: UInt64
  private let low: UInt64

  /// From a numeric host, without asking anyone: `127.0.0.1`, `::1`. Nil for anything else.
  public init?(_ numericHost: String, port: UInt16) {
    // C would take what stands before a zero byte for the whole.
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
    return nil
  }

  /// 127.0.0.1.
  public static func loopback(port: UInt16) -> SocketAddress {
    SocketAddress(in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), port: port)
  }

  private init(_ address: in_addr, port: UInt16) {
    family = .ipv4
    self.port = port
    scope = 0
    high = UInt64(address.s_addr)
    low = 0
  }

  private init(_ address: in6_addr, port: UInt16, scope: UInt32) {
    family = .ipv6
    self.port = port
    self.scope = scope
    (high, low) = unsafe unsafeBitCast(address, to: (UInt64, UInt64).self)
  }

  /// The host without the port: `127.0.0.1`, `::1`.
  public var host: String {
    // INET6_ADDRSTRLEN
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { text in
      switch family {
      case .ipv4:
        var address = in_addr(s_addr: UInt32(truncatingIfNeeded: high))
        unsafe inet_ntop(AF_INET, &address, text.baseAddress, 46)
      case .ipv6:
        var address = unsafe unsafeBitCast((high, low), to: in6_addr.self)
        unsafe inet_ntop(AF_INET6, &address, text.baseAddress, 46)
      }
      return unsafe String(cString: text.baseAddress.unsafelyUnwrapped)
    }
  }

  public var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    }
  }

  // MARK: - The kernel's form

  package init?(_ storage: sockaddr_storage) {
    switch Int32(storage.ss_family) {
    case AF_INET:
      let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in.self) }
      self.init(address.sin_addr, port: UInt16(bigEndian: address.sin_port))
    case AF_INET6:
      let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in6.self) }
      self.init(address.sin6_addr, port: UInt16(bigEndian: address.sin6_port), scope: address.sin6_scope_id)
    default: return nil
    }
  }

  package var storage: (storage: sockaddr_storage, length: socklen_t) {
    var storage = sockaddr_storage()
    switch family {
    case .ipv4:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(truncatingIfNeeded: high)
      unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.storeBytes(of: address, as: sockaddr_in.self) }
      return (storage, socklen_t(MemoryLayout<sockaddr_in>.size))
    case .ipv6:
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = unsafe unsafeBitCast((high, low), to: in6_addr.self)
      address.sin6_scope_id = scope
      unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.storeBytes(of: address, as: sockaddr_in6.self) }
      return (storage, socklen_t(MemoryLayout<sockaddr_in6>.size))
    }
  }

  package var kernelFamily: Int32 { family == .ipv4 ? AF_INET : AF_INET6 }
}
