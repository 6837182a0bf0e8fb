// SPDX-License-Identifier: Apache-2.0
// Classifies a name before any server is asked.

import AsyncIOCore
import DNSWire

enum HostName: Equatable {
  /// RFC 6761, §6.3: `localhost` and the names within it mean this machine, and no server is asked.
  case localhost
  /// `.invalid` (RFC 6761, §6.4), `.onion` (RFC 7686): they don't exist, and no server is asked.
  case nowhere
  /// The last label is a number, so this isn't a name: an address in an old form that inet_aton(3) knows, `127.1`, or
  /// invalid.
  case number
  /// A name to look up.
  case name(DNSName, dots: Int, isAbsolute: Bool)
  case malformed(String)

  init(_ text: String) {
    if let problem = HostNameSyntax.problem(in: text) {
      self = .malformed(problem)
      return
    }
    guard let name = try? DNSName(text), let last = name.labels.last else {
      self = .malformed("it is not a domain name")
      return
    }
    let isAbsolute = text.utf8.last == UInt8(ascii: ".")
    switch String(decoding: last, as: UTF8.self).lowercased() {
    case "localhost": self = .localhost
    case "invalid", "onion": self = .nowhere
    case let label where Self.isNumber(label): self = .number
    default: self = .name(name, dots: name.labels.count - 1 + (isAbsolute ? 1 : 0), isAbsolute: isAbsolute)
    }
  }

  private static func isNumber(_ label: String) -> Bool {
    if label.hasPrefix("0x") { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
    return label.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }

  /// The cache key: in lower case. A final dot stays: `db.` is that name alone, `db` is looked up in the search
  /// domains.
  static func canonical(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5a }) else { return text }
    return String(decoding: text.utf8.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// The lower-case form without a final dot, for names that are always absolute.
  static func canonicalFromRoot(_ text: String) -> String {
    canonical(text.utf8.last == UInt8(ascii: ".") ? String(text.dropLast()) : text)
  }
}
