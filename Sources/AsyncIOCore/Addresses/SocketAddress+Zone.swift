// SPDX-License-Identifier: Apache-2.0
// Zones of IPv6 addresses as text, RFC 4007, §11. A link-local address means something only with the link that it is
// local to: without its zone nobody can connect to it, so a zone is read, kept and printed wherever an address is.

import Glibc

extension SocketAddress {
  /// The zone as text: the name of the interface, or its number where this machine has no such interface; nil for none.
  var zone: String? {
    if scope == 0 { return nil }
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
      guard unsafe if_indextoname(scope, name.baseAddress) != nil else { return String(scope) }
      return unsafe String(cString: name.baseAddress.unsafelyUnwrapped)
    }
  }

  /// The number of a zone. An interface's name goes first, as in libc: what is printed is one wherever there is one.
  static func scope(ofZone text: String) -> UInt32? {
    if text.isEmpty { return nil }
    let index = unsafe if_nametoindex(text)
    if index != 0 { return index }
    // `UInt32` takes a sign as well.
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return UInt32(text)
  }

  /// What a zone belongs to: a numeric host without its `%` and what follows.
  package static func withoutZone(_ host: String) -> String {
    guard let mark = host.utf8.firstIndex(of: UInt8(ascii: "%")) else { return host }
    let address = String(host[..<mark])
    return SocketAddress(address, port: 0)?.family == .ipv6 ? address : host
  }
}
