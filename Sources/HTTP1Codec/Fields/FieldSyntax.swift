// SPDX-License-Identifier: Apache-2.0
// One field line: `field-name ":" OWS field-value OWS` (RFC 9112 section 5). Values are checked eight bytes at a time.
// A word without a byte below 0x20 and without 0x7F is valid, and nearly all words are.

enum FieldSyntax {
  /// The offset of the first byte in `range` that is not allowed in a field value: a control character other than HTAB.
  @inline(__always)
  static func firstControlCharacter(in bytes: ByteView, _ range: Range<Int>) -> Int? {
    var offset = range.lowerBound
    while offset + 8 <= range.upperBound {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let belowSpace = (word &- 0x2020_2020_2020_2020) & ~word
      let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
      let isDelete = (delete &- 0x0101_0101_0101_0101) & ~delete
      // A borrow may mark a harmless byte next to a bad one, but never hides a bad one. So marked words are looked at
      // again.
      if (belowSpace | isDelete) & 0x8080_8080_8080_8080 != 0 {
        if let found = firstControlByte(in: bytes, offset..<offset + 8) { return found }
      }
      offset += 8
    }
    return firstControlByte(in: bytes, offset..<range.upperBound)
  }

  @inline(__always)
  private static func firstControlByte(in bytes: ByteView, _ range: Range<Int>) -> Int? {
    for offset in range {
      let byte = bytes[offset]
      if byte < 0x20 && byte != ASCII.tab || byte == ASCII.delete { return offset }
    }
    return nil
  }

  /// The kind of error for the byte that `firstControlCharacter` found.
  static func problem(with byte: UInt8) -> HTTP1Error.Kind {
    switch byte {
    case ASCII.cr: .bareCR
    case ASCII.lf: .bareLF
    case ASCII.nul: .nulInFieldValue
    default: .controlCharacterInFieldValue
    }
  }

  /// Splits the line in `range` (without its CRLF) into name and value.
  @inline(__always)
  static func parse(
    _ bytes: ByteView, _ range: Range<Int>, of message: HTTP1Error.Message
  ) throws(HTTP1Error) -> HTTPFields.Line {
    var nameEnd = range.lowerBound
    while nameEnd < range.upperBound, ByteSet.token.contains(bytes[nameEnd]) { nameEnd += 1 }
    guard nameEnd > range.lowerBound, nameEnd < range.upperBound, bytes[nameEnd] == ASCII.colon else {
      throw nameProblem(bytes, range, nameEnd, message)
    }
    let value = bytes.trimmingBlanks(nameEnd + 1..<range.upperBound)
    if let bad = firstControlCharacter(in: bytes, value) {
      throw HTTP1Error(message, problem(with: bytes[bad]), bytes[range])
    }
    return HTTPFields.Line(name: range.lowerBound..<nameEnd, value: value)
  }

  @inline(never)
  private static func nameProblem(
    _ bytes: ByteView, _ range: Range<Int>, _ nameEnd: Int, _ message: HTTP1Error.Message
  ) -> HTTP1Error {
    let kind: HTTP1Error.Kind
    if bytes.firstOffset(of: ASCII.colon, in: range) == nil {
      kind = bytes.firstOffset(of: ASCII.cr, in: range) == nil ? .missingColon : .bareCR
    } else if bytes[nameEnd] == ASCII.colon {
      kind = .emptyFieldName
    } else if bytes[nameEnd] == ASCII.cr {
      kind = .bareCR
    } else {
      var next = nameEnd
      while next < range.upperBound, ASCII.isBlank(bytes[next]) { next += 1 }
      let isBlankThenColon = next > nameEnd && next < range.upperBound && bytes[next] == ASCII.colon
      kind = isBlankThenColon ? .whitespaceBeforeColon : .invalidFieldName
    }
    return HTTP1Error(message, kind, bytes[range])
  }
}
