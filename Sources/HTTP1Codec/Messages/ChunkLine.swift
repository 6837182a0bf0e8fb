// SPDX-License-Identifier: Apache-2.0
// `chunk-size [ chunk-ext ]` of RFC 9112 section 7.1. Extensions are checked, then skipped. Recipients that skip them
// unchecked can disagree with others about where the line ends, which has been used for smuggling.

enum ChunkLine {
  /// The chunk's size, and how many bytes of extensions follow it, from a line without its CRLF. Leading zeros beyond
  /// the length of any number (`chunk-size = 1*HEXDIG`) count as extensions: they waste time just as well.
  @inline(__always)
  static func parse(
    _ bytes: ByteView, of message: HTTP1Error.Message
  ) throws(HTTP1Error) -> (size: Int, extensionLength: Int) {
    var size = 0
    var offset = 0
    while offset < bytes.count, let digit = ASCII.hexValue(bytes[offset]) {
      guard size >> 59 == 0 else { throw HTTP1Error(message, .chunkSizeOverflow, bytes) }
      size = size << 4 | digit
      offset += 1
    }
    if offset == 0 { throw HTTP1Error(message, .missingChunkSize, bytes) }
    if offset < bytes.count { try checkExtensions(bytes, from: offset, of: message) }
    return (size, bytes.count - offset + (offset > 16 ? offset - 16 : 0))
  }

  /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS ( token / quoted-string ) ] )`.
  private static func checkExtensions(
    _ bytes: ByteView, from start: Int, of message: HTTP1Error.Message
  ) throws(HTTP1Error) {
    if let cr = bytes.firstOffset(of: ASCII.cr, in: start..<bytes.count) {
      throw HTTP1Error(message, .bareCR, bytes[..<(cr + 1)])
    }
    var offset = start
    func skipBlanks() { while offset < bytes.count, ASCII.isBlank(bytes[offset]) { offset += 1 } }
    func skipToken() -> Bool {
      let first = offset
      while offset < bytes.count, ByteSet.token.contains(bytes[offset]) { offset += 1 }
      return offset > first
    }
    while offset < bytes.count {
      let isFirst = offset == start
      skipBlanks()
      guard offset < bytes.count, bytes[offset] == ASCII.semicolon else {
        throw HTTP1Error(message, isFirst ? .invalidChunkSize : .invalidChunkExtension, bytes)
      }
      offset += 1
      skipBlanks()
      guard skipToken() else { throw HTTP1Error(message, .invalidChunkExtension, bytes) }
      let nameEnd = offset
      skipBlanks()
      guard offset < bytes.count, bytes[offset] == UInt8(ascii: "=") else {
        offset = nameEnd
        continue
      }
      offset += 1
      skipBlanks()
      let isValue =
        offset < bytes.count && bytes[offset] == ASCII.quote ? skipQuotedString(bytes, &offset) : skipToken()
      guard isValue else { throw HTTP1Error(message, .invalidChunkExtension, bytes) }
    }
  }

  /// Skips a quoted-string (RFC 9110 section 5.6.4) whose opening quote is at `offset`; false if it has no closing
  /// quote.
  private static func skipQuotedString(_ bytes: ByteView, _ offset: inout Int) -> Bool {
    offset += 1
    while offset < bytes.count {
      var byte = bytes[offset]
      offset += 1
      if byte == ASCII.quote { return true }
      if byte == ASCII.backslash {
        guard offset < bytes.count else { return false }
        byte = bytes[offset]
        offset += 1
      }
      if byte < 0x20 && byte != ASCII.tab || byte == ASCII.delete { return false }
    }
    return false
  }
}
