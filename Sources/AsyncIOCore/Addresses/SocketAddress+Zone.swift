// SPDX-License-Identifier: Apache-2.0
// Zones of IPv6 addresses as text (RFC 4007, §11). A link-local address is meaningful only on its link: without its
// zone nothing can connect to it. So a zone is read, kept and printed wherever an address is.

import Glibc

extension SocketAddress {
  /// The zone as text: the interface's name, or its number if this machine has no such interface; nil without a zone.
  var zone: String? {
    if scope == 0 { return nil }
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
      guard unsafe if_indextoname(scope, name.baseAddress) != nil else { return String(scope) }
      return unsafe String(cString: name.baseAddress.unsafelyUnwrapped)
    }
  }

  /// The number of a zone. As in libc, an interface's name takes precedence, since zones are printed as names where
  /// possible.
  static func scope(ofZone text: String) -> UInt32? {
    if text.isEmpty { return nil }
    let index = unsafe if_nametoindex(text)
    if index != 0 { return index }
    // `UInt32` would accept a sign.
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return UInt32(text)
  }

  /// A numeric host without its zone: without `%` and the text after it.
  package static func withoutZone(_ host: String) -> String {
    guard let mark = host.utf8.firstIndex(of: UInt8(ascii: "%")) else { return host }
    let address = String(host[..<mark])
    return SocketAddress(address, port: 0)?.family == .ipv6 ? address : host
  }
}
