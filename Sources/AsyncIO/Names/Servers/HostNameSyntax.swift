// SPDX-License-Identifier: Apache-2.0
// Decides which names a host can have: those that glibc's res_hnok(3) accepts. DNS itself has no such rule: a label is
// up to 63 bytes of anything. The owner of an address can point it at `$(id).example`, which ends up in a log, a shell
// or a page. So we refuse what libc refuses, in both directions: the requested name, its aliases, and the name of an
// address.

import DNSWire

package enum HostNameSyntax {
  /// The reason why a text can't be a host name; nil if it can. A final dot is allowed.
  package static func problem(in text: String) -> String? {
    var utf8 = text.utf8[...]
    if utf8.isEmpty { return "it is empty" }
    if utf8.last == dot { utf8.removeLast() }
    if utf8.isEmpty { return "it is the root" }
    // A message has a length before each label, and a zero at the end.
    if utf8.count + 2 > 255 { return "it is longer than 255 bytes" }
    if utf8.first == hyphen { return "it begins with a hyphen" }
    var length = 0
    var hasEmptyLabel = false
    var hasLongLabel = false
    for byte in utf8 {
      if byte == dot {
        if length == 0 { hasEmptyLabel = true }
        length = 0
        continue
      }
      guard isAllowed(byte) else {
        return byte < 0x80 ? "it has a character that host names can't have" : "it is not ASCII; use its xn-- form"
      }
      length += 1
      if length > 63 { hasLongLabel = true }
    }
    if length == 0 || hasEmptyLabel { return "a label is empty" }
    return hasLongLabel ? "a label is longer than 63 bytes" : nil
  }

  /// Letters, digits, hyphens; and underscores, which no RFC allows in host names and many hosts have.
  fileprivate static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen, UInt8(ascii: "_"):
      true
    default: false
    }
  }

  fileprivate static let dot = UInt8(ascii: ".")
  fileprivate static let hyphen = UInt8(ascii: "-")
}

extension DNSName {
  /// Whether a host can have this name. It can't begin with a hyphen, so that no program takes it for an option.
  var isHostName: Bool {
    guard let first = labels.first, first.first != HostNameSyntax.hyphen else { return false }
    return labels.allSatisfy { $0.allSatisfy(HostNameSyntax.isAllowed) }
  }
}
