// SPDX-License-Identifier: Apache-2.0
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
