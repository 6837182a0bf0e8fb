// SPDX-License-Identifier: Apache-2.0
// The kernel's form of an address: a structure for each family in a `sockaddr_storage`, and its length.

package import CLinux
import Glibc

extension SocketAddress {
  /// - Parameter length: How many bytes the kernel filled; only the name of a Unix socket needs it.
  package init?(_ storage: sockaddr_storage, length: socklen_t = socklen_t(MemoryLayout<sockaddr_storage>.size)) {
    switch Int32(storage.ss_family) {
    case AF_INET:
      let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in.self) }
      self.init(address.sin_addr, port: UInt16(bigEndian: address.sin_port))
    case AF_INET6:
      let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in6.self) }
      self.init(address.sin6_addr, port: UInt16(bigEndian: address.sin6_port), scope: address.sin6_scope_id)
    case AF_UNIX:
      var name = unsafe withUnsafeBytes(of: storage) { bytes in
        unsafe Array(bytes[Self.unixNameOffset..<max(Self.unixNameOffset, min(Int(length), bytes.count))])
      }
      // A path ends at its zero byte; an abstract name at the length.
      if let first = name.first, first != 0, let end = name.firstIndex(of: 0) { name.removeSubrange(end...) }
      self.init(family: .unix, unixName: name)
    default: return nil
    }
  }

  /// Reads the bytes of a `sockaddr`.
  package init?(kernelForm bytes: UnsafeRawBufferPointer) {
    var storage = sockaddr_storage()
    let count = min(bytes.count, MemoryLayout<sockaddr_storage>.size)
    unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.copyMemory(from: .init(rebasing: bytes[..<count])) }
    self.init(storage, length: socklen_t(count))
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
    case .unix:
      storage.ss_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[Self.unixNameOffset...]).copyBytes(from: unixName)
      }
      // A path counts with its zero byte. After an abstract name a zero byte would be part of the name.
      let end = unixName.first == 0 || unixName.isEmpty ? 0 : 1
      return (storage, socklen_t(Self.unixNameOffset + unixName.count + end))
    }
  }

  /// The offset of the name in `sockaddr_un`.
  private static var unixNameOffset: Int { MemoryLayout<sa_family_t>.size }

  package var kernelFamily: Int32 {
    switch family {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }
}

extension SocketAddress {
  /// Whether this is a multicast address: 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, 2.7).
  ///
  /// ```swift
  /// print(SocketAddress("224.0.0.251", port: 5353)!.isMulticast)  // true
  /// ```
  public var isMulticast: Bool {
    switch family {
    // The first byte of an address is the lowest byte of `high`.
    case .ipv4: high & 0xf0 == 0xe0
    case .ipv6: high & 0xff == 0xff
    case .unix: false
    }
  }

  /// Whether this is 255.255.255.255, which reaches every host of the local network.
  package var isLimitedBroadcast: Bool { family == .ipv4 && high & 0xffff_ffff == 0xffff_ffff }
}
