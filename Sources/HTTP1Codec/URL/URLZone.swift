// SPDX-License-Identifier: Apache-2.0
// The zone of an IPv6 address in a URL (RFC 6874): `%25` and the name of an interface, percent-encoded. People type a
// bare `%`, as everywhere else. Like curl, we accept both.

enum URLZone {
  /// The zone after an address; the bytes begin with the `%`. Nil if they are not a zone.
  ///
  /// - Parameter asTyped: Whether to accept a bare `%`.
  static func read(_ bytes: ByteView, asTyped: Bool) -> String? {
    let isEncoded = bytes.count > 3 && bytes[1] == UInt8(ascii: "2") && bytes[2] == UInt8(ascii: "5")
    guard isEncoded || asTyped else { return nil }
    var zone: [UInt8] = []
    var offset = isEncoded ? 3 : 1
    while offset < bytes.count {
      var byte = bytes[offset]
      if byte == ASCII.percent {
        guard URLHost.isPercentEncoded(bytes, at: offset), let high = ASCII.hexValue(bytes[offset + 1]),
          let low = ASCII.hexValue(bytes[offset + 2])
        else { return nil }
        byte = UInt8(high << 4 | low)
        guard isOfInterface(byte) else { return nil }
        offset += 3
      } else {
        guard isUnreserved(byte) else { return nil }
        offset += 1
      }
      zone.append(byte)
    }
    return zone.isEmpty ? nil : String(decoding: zone, as: UTF8.self)
  }

  /// The zone of an address in the form of URLs, with its `%25`; nil without a zone.
  static func written(of address: String) -> String? {
    guard let mark = address.utf8.firstIndex(of: ASCII.percent) else { return nil }
    let digits = Array("0123456789ABCDEF".utf8)
    var text = Array("%25".utf8)
    for byte in address.utf8[address.utf8.index(after: mark)...] {
      text += isUnreserved(byte) ? [byte] : [ASCII.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// RFC 3986 section 2.3.
  private static func isUnreserved(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte)
      || [UInt8(ascii: "-"), ASCII.dot, UInt8(ascii: "_"), 0x7e].contains(byte)
  }

  /// Whether an interface's name may have this byte (dev_valid_name of Linux), except those that would end the address.
  private static func isOfInterface(_ byte: UInt8) -> Bool {
    byte > ASCII.space && byte < ASCII.delete && byte != ASCII.slash && byte != ASCII.colon && byte != ASCII.percent
      && byte != ASCII.openBracket && byte != ASCII.closeBracket
  }
}
