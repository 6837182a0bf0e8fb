// SPDX-License-Identifier: Apache-2.0
// What can be said of a name before anybody is asked.

import AsyncIOCore
import DNSWire

enum HostName: Equatable {
  /// RFC 6761, §6.3: `localhost` and what is within it is this machine, and no name server's business.
  case localhost
  /// `.invalid` (RFC 6761, §6.4), `.onion` (RFC 7686): they exist nowhere, and nobody is to be asked.
  case nowhere
  /// Its last label is a number, so it is no name: an address in an old form that inet_aton(3) knows, `127.1`, or nothing.
  case number
  /// To be looked up.
  case name(DNSName, dots: Int, isAbsolute: Bool)
  case malformed(String)

  init(_ text: String) {
    if let problem = HostNameSyntax.problem(in: text) {
      self = .malformed(problem)
      return
    }
    guard let name = try? DNSName(text), let last = name.labels.last else {
      self = .malformed("it is no domain name")
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

  /// As a key: in lower case. The dot at the end stays: `db.` is that name alone, `db` is looked for in the search
  /// domains.
  static func canonical(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5a }) else { return text }
    return String(decoding: text.utf8.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// The same without the dot at the end, for names that are all taken from the root.
  static func canonicalFromRoot(_ text: String) -> String {
    canonical(text.utf8.last == UInt8(ascii: ".") ? String(text.dropLast()) : text)
  }
}
