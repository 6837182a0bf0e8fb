// SPDX-License-Identifier: Apache-2.0

/// The bytes that the grammars name.
enum ASCII {
  static let nul: UInt8 = 0x00
  static let tab: UInt8 = 0x09
  static let lf: UInt8 = 0x0A
  static let cr: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let quote: UInt8 = 0x22
  static let hash: UInt8 = 0x23
  static let percent: UInt8 = 0x25
  static let asterisk: UInt8 = 0x2A
  static let comma: UInt8 = 0x2C
  static let dot: UInt8 = 0x2E
  static let slash: UInt8 = 0x2F
  static let colon: UInt8 = 0x3A
  static let semicolon: UInt8 = 0x3B
  static let question: UInt8 = 0x3F
  static let at: UInt8 = 0x40
  static let openBracket: UInt8 = 0x5B
  static let backslash: UInt8 = 0x5C
  static let closeBracket: UInt8 = 0x5D
  static let delete: UInt8 = 0x7F

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// SP or HTAB: the only bytes of OWS and BWS (RFC 9110 section 5.6.3).
  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  /// VCHAR (RFC 5234): a printable character other than the space.
  @inline(__always)
  static func isVisible(_ byte: UInt8) -> Bool { byte &- 0x21 < 0x5E }

  @inline(__always)
  static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  /// The value of a hexadecimal digit, nil for any other byte.
  @inline(__always)
  static func hexValue(_ byte: UInt8) -> Int? {
    if isDigit(byte) { return Int(byte &- 0x30) }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? Int(letter) + 10 : nil
  }
}

// The character classes of RFC 3986 and RFC 9110 as two 64-bit masks. A test is a shift and an AND, and the constants
// live in the code, so no table is initialised on first use. The tests check each mask against the letters of its
// grammar rule.

/// A set of ASCII characters; bytes above 0x7F are never in it.
struct ByteSet {
  /// Bit n stands for the byte n.
  let low: UInt64
  /// Bit n stands for the byte 64 + n.
  let high: UInt64

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    let mask = byte & 0x40 == 0 ? low : high
    return byte < 0x80 && (mask &>> UInt64(byte & 0x3F)) & 1 != 0
  }

  /// `tchar` of RFC 9110 section 5.6.2.
  static let token = ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
  /// `unreserved / sub-delims` of RFC 3986: the characters of a `reg-name`, besides percent-encoded bytes.
  static let registeredName = ByteSet(low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
  /// `pchar / "/"` of RFC 3986, besides percent-encoded bytes.
  static let path = ByteSet(low: 0x2FFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)
  /// `pchar / "/" / "?"` of RFC 3986, besides percent-encoded bytes.
  static let query = ByteSet(low: 0xAFFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)
  /// The characters of a `scheme` of RFC 3986, after its first letter.
  static let scheme = ByteSet(low: 0x03FF_6800_0000_0000, high: 0x07FF_FFFE_07FF_FFFE)
}
