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
    let bytes = text.utf8
    if bytes.isEmpty {
      self = .malformed("it is empty")
      return
    }
    if let wrong = bytes.first(where: { $0 <= 0x20 || $0 >= 0x7f || $0 == UInt8(ascii: "\\") }) {
      self = .malformed(
        wrong < 0x80 ? "it has a character that no name has" : "it is not ASCII; xn-- names stand for others")
      return
    }
    let name: DNSName
    do { name = try DNSName(text) } catch {
      self = .malformed(Self.explanation(of: error))
      return
    }
    guard let last = name.labels.last else {
      self = .malformed("it is the root")
      return
    }
    let isAbsolute = bytes.last == UInt8(ascii: ".")
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

  private static func explanation(of error: DNSError) -> String {
    switch error {
    case .emptyLabel: "a label is empty"
    case .labelTooLong: "a label is longer than 63 bytes"
    default: "it is longer than 255 bytes"
    }
  }

  /// As a key: in lower case, without the dot at the end.
  static func canonical(_ text: String) -> String {
    let isCanonical = !text.utf8.contains { $0 >= 0x41 && $0 <= 0x5a } && text.utf8.last != UInt8(ascii: ".")
    if isCanonical { return text }
    let name = text.utf8.last == UInt8(ascii: ".") ? text.dropLast() : text[...]
    return String(decoding: name.utf8.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
