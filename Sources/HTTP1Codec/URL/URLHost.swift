// SPDX-License-Identifier: Apache-2.0
// `host` and `[ ":" port ]` of RFC 3986 section 3.2, for URLs, for Host fields and for the target of CONNECT.

enum URLHost {
  /// Parses the host in `bytes`, which has no port. The error is only about the host.
  static func parse(_ bytes: ByteView) -> Result<HTTPURL.Host, KindError> {
    guard let first = bytes.first, let last = bytes.last else { return .failure(KindError(.missingHost)) }
    if first == ASCII.openBracket {
      guard last == ASCII.closeBracket, bytes.count > 2 else { return .failure(KindError(.invalidIPv6Address)) }
      return literal(bytes.part(1..<bytes.count - 1))
    }
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == ASCII.percent {
        guard isPercentEncoded(bytes, at: offset) else { return .failure(KindError(.invalidPercentEncoding)) }
        offset += 3
        continue
      }
      if byte <= ASCII.space || byte == ASCII.delete { return .failure(KindError(.spaceOrControlCharacter)) }
      if byte >= 0x80 { return .failure(KindError(.internationalHost)) }
      guard ByteSet.registeredName.contains(byte) else { return .failure(KindError(.invalidHost)) }
      offset += 1
    }
    if isIPv4(bytes) { return .success(.ipv4(bytes.text(0..<bytes.count))) }
    if endsInNumber(bytes) { return .failure(KindError(.invalidIPv4Address)) }
    return .success(.name(lowercased(bytes, 0..<bytes.count)))
  }

  /// Parses the text in brackets: `IPv6address` or, with a zone, `IPv6addrz` of RFC 6874.
  private static func literal(_ bytes: ByteView) -> Result<HTTPURL.Host, KindError> {
    let end = bytes.firstOffset(of: ASCII.percent, in: 0..<bytes.count) ?? bytes.count
    guard isIPv6(bytes.part(0..<end)) else { return .failure(KindError(.invalidIPv6Address)) }
    let address = lowercased(bytes, 0..<end)
    if end == bytes.count { return .success(.ipv6(address)) }
    guard let zone = URLZone.read(bytes.part(end..<bytes.count), asTyped: true) else {
      return .failure(KindError(.invalidIPv6Address))
    }
    return .success(.ipv6("\(address)%\(zone)"))
  }

  /// The colon between host and port, after the name or the closing bracket.
  static func portSeparator(in bytes: ByteView) -> Int? {
    let start = bytes.first == ASCII.openBracket ? bytes.lastIndex(of: ASCII.closeBracket) ?? 0 : 0
    return bytes.firstOffset(of: ASCII.colon, in: start..<bytes.count)
  }

  /// Parses a non-empty port; nil if it is not from 1 to 65535.
  static func port(_ bytes: ByteView) -> Int? {
    guard let port = try? bytes.decimal(in: 0..<bytes.count), 1...65535 ~= port else { return nil }
    return port
  }

  /// Whether this is `uri-host [ ":" port ]`, the value of a Host field or a CONNECT target.
  ///
  /// It is looser than a URL's host: any `reg-name` counts, since servers compare it with names they know.
  static func isHostAndPort(_ bytes: ByteView, requiringPort: Bool) -> Bool {
    let separator = portSeparator(in: bytes)
    let host = bytes.part(0..<(separator ?? bytes.count))
    guard !host.isEmpty else { return false }
    if let separator {
      let digits = bytes.part(separator + 1..<bytes.count)
      if digits.isEmpty ? requiringPort : port(digits) == nil { return false }
    } else if requiringPort {
      return false
    }
    if host[0] == ASCII.openBracket {
      guard host.count > 2, host[host.count - 1] == ASCII.closeBracket else { return false }
      let end = host.firstOffset(of: ASCII.percent, in: 1..<host.count) ?? host.count - 1
      return isIPv6(host.part(1..<end))
        && (end == host.count - 1 || URLZone.read(host.part(end..<host.count - 1), asTyped: false) != nil)
    }
    for offset in 0..<host.count where !ByteSet.registeredName.contains(host[offset]) {
      guard host[offset] == ASCII.percent, isPercentEncoded(host, at: offset) else { return false }
    }
    return true
  }

  static func isPercentEncoded(_ bytes: ByteView, at offset: Int) -> Bool {
    offset + 2 < bytes.count && ASCII.hexValue(bytes[offset + 1]) != nil && ASCII.hexValue(bytes[offset + 2]) != nil
  }

  /// `IPv4address` of RFC 3986: four numbers from 0 to 255 without leading zeros.
  static func isIPv4(_ bytes: ByteView) -> Bool {
    var numbers = 0
    var start = 0
    while start <= bytes.count {
      let end = bytes.firstOffset(of: ASCII.dot, in: start..<bytes.count) ?? bytes.count
      guard 1...3 ~= end - start, let number = try? bytes.decimal(in: start..<end), number <= 255 else { return false }
      if bytes[start] == UInt8(ascii: "0"), end - start > 1 { return false }
      numbers += 1
      start = end + 1
    }
    return numbers == 4
  }

  /// `IPv6address` of RFC 3986: eight groups of up to four hexadecimal digits. One run of groups may be left out as
  /// `::`, and the last two may be written as IPv4.
  static func isIPv6(_ bytes: ByteView) -> Bool {
    var groups = 0
    var hasGap = false
    var offset = 0
    if bytes.count >= 2, bytes[0] == ASCII.colon {
      guard bytes[1] == ASCII.colon else { return false }
      hasGap = true
      offset = 2
    }
    while offset < bytes.count {
      let end = bytes.firstOffset(of: ASCII.colon, in: offset..<bytes.count) ?? bytes.count
      if end == bytes.count, isIPv4(bytes.part(offset..<end)) {
        groups += 2
        break
      }
      guard 1...4 ~= end - offset, bytes[offset..<end].allSatisfy({ ASCII.hexValue($0) != nil }) else { return false }
      groups += 1
      if end == bytes.count { break }
      offset = end + 1
      guard offset < bytes.count else { return false }
      if bytes[offset] == ASCII.colon {
        if hasGap { return false }
        hasGap = true
        offset += 1
      }
    }
    return hasGap ? groups <= 7 : groups == 8
  }

  /// Whether the last label is a number, decimal or `0x`. Then inet_aton takes the name for an address.
  private static func endsInNumber(_ bytes: ByteView) -> Bool {
    let end = bytes.last == ASCII.dot ? bytes.count - 1 : bytes.count
    let start = bytes[..<end].lastIndex(of: ASCII.dot).map { $0 + 1 } ?? 0
    guard start < end else { return false }
    if bytes[start..<end].allSatisfy({ ASCII.isDigit($0) }) { return true }
    return end - start >= 2 && bytes[start] == UInt8(ascii: "0") && bytes[start + 1] | 0x20 == UInt8(ascii: "x")
      && bytes[start + 2..<end].allSatisfy { ASCII.hexValue($0) != nil }
  }

  private static func lowercased(_ bytes: ByteView, _ range: Range<Int>) -> String {
    String(decoding: bytes[range].lazy.map { ASCII.lowercased($0) }, as: UTF8.self)
  }
}

/// A reason without the text, which only the caller has.
struct KindError: Error {
  let kind: HTTPURLError.Kind
  init(_ kind: HTTPURLError.Kind) { self.kind = kind }
}
