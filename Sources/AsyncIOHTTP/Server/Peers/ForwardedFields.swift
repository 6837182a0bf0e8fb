// SPDX-License-Identifier: Apache-2.0
// What proxies say of the client: Forwarded (RFC 7239), or the older X-Forwarded-For, -Proto and -Host. Anybody can
// write them, so they count only from trusted peers. Each proxy appends whom it got the request from. The client is the
// last one that no trusted proxy is: what stands before it, the client may have written itself.

import HTTP1Codec

struct ForwardedFields {
  /// The client's numeric address; nil if it is hidden, or nobody says it.
  private(set) var client: String?
  private(set) var scheme: String?
  private(set) var host: String?

  init(_ fields: HTTPFields, trusting peers: TrustedPeers) {
    let standard = fields.values(of: "forwarded")
    if !standard.isEmpty {
      readStandard(standard, peers)
    } else {
      readOlder(fields, peers)
    }
  }

  private mutating func readStandard(_ values: [String], _ peers: TrustedPeers) {
    let elements = values.flatMap { Self.split($0, at: ",") }
    for element in elements.reversed() {
      var pairs: [String: String] = [:]
      for pair in Self.split(element, at: ";") {
        guard let mark = pair.firstIndex(of: "=") else { continue }
        pairs[pair[..<mark].lowercased()] = Self.unquoted(String(pair[pair.index(after: mark)...]))
      }
      scheme = Self.scheme(pairs["proto"]) ?? scheme
      host = pairs["host"] ?? host
      guard let address = pairs["for"].flatMap(Self.address) else { return }
      client = address
      if !peers.contains(host: address) { return }
    }
  }

  private mutating func readOlder(_ fields: HTTPFields, _ peers: TrustedPeers) {
    scheme = Self.scheme(fields.values(of: "x-forwarded-proto").last.flatMap { Self.split($0, at: ",").last })
    host = fields.values(of: "x-forwarded-host").last.flatMap { Self.split($0, at: ",").last }
    for text in fields.values(of: "x-forwarded-for").flatMap({ Self.split($0, at: ",") }).reversed() {
      guard let address = Self.address(text) else { return }
      client = address
      if !peers.contains(host: address) { return }
    }
  }

  private static func scheme(_ text: String?) -> String? {
    guard let text = text?.lowercased(), text == "http" || text == "https" else { return nil }
    return text
  }

  /// The address of `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` or `2001:db8::1`.
  private static func address(_ text: String) -> String? {
    var text = Substring(text)
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      text = text[text.index(after: text.startIndex)..<end]
    } else if text.utf8.lazy.filter({ $0 == UInt8(ascii: ":") }).count == 1, let colon = text.firstIndex(of: ":") {
      text = text[..<colon]
    }
    return TrustedPeers.isNumeric(String(text)) ? String(text) : nil
  }

  /// The parts between separators that are not in a quoted string, without blanks around them.
  private static func split(_ text: String, at separator: Character) -> [String] {
    var parts: [String] = []
    var part = ""
    var isQuoted = false
    var isEscaped = false
    for character in text {
      if character == separator && !isQuoted {
        parts.append(part)
        part = ""
        continue
      }
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = isQuoted
      } else if character == "\"" {
        isQuoted.toggle()
      }
      part.append(character)
    }
    parts.append(part)
    return parts.map(trimmed).filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: String) -> String {
    var text = Substring(text)
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }

  private static func unquoted(_ text: String) -> String {
    guard text.first == "\"", text.last == "\"", text.count >= 2 else { return text }
    var result = ""
    var isEscaped = false
    for character in text.dropFirst().dropLast() {
      if character == "\\" && !isEscaped {
        isEscaped = true
      } else {
        result.append(character)
        isEscaped = false
      }
    }
    return result
  }
}
