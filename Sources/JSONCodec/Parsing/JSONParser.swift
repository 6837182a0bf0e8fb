// SPDX-License-Identifier: Apache-2.0
// One pass over the bytes, without recursion: what is open stands on a stack, so depth costs no thread's stack. Strings
// are looked at eight bytes at a time; only one with a byte above 0x7F is checked to be UTF-8.
//
// The tape. A document becomes a flat list of nodes in the order of its text: no object for a value, no string for a
// key. A node of 16 bytes says where its text is and where its subtree ends, so that a value is skipped in one step. In
// an object keys and values take turns.

struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let options: JSONDecodingOptions
  private var offset = 0
  var nodes: [JSONNode] = []
  /// The indices of the arrays and objects that are open.
  private var open: [UInt32] = []

  static func parse(
    _ bytes: UnsafeRawBufferPointer, options: JSONDecodingOptions
  ) throws(JSONError) -> [JSONNode] {
    var parser = JSONParser(bytes: bytes, options: options)
    guard bytes.count <= Int(UInt32.max) else { throw JSONError(.tooLarge, at: 0, in: bytes) }
    parser.nodes.reserveCapacity(min(1 << 16, bytes.count / 6 + 4))
    try parser.parse()
    return parser.nodes
  }

  private init(bytes: UnsafeRawBufferPointer, options: JSONDecodingOptions) {
    self.bytes = bytes
    self.options = options
  }

  private mutating func parse() throws(JSONError) {
    try value()
    while let top = open.last {
      if nodes[Int(top)].kind == .object { try continueObject(top) } else { try continueArray(top) }
    }
    skipSpace()
    if offset < bytes.count { throw JSONError(.trailingBytes, at: offset, in: bytes) }
  }

  // MARK: - Arrays and objects

  /// Behind a value of an array: the next one, or the end.
  private mutating func continueArray(_ top: UInt32) throws(JSONError) {
    let byte = try nextByte()
    if byte == UInt8(ascii: "]") {
      offset += 1
      return close(top)
    }
    if nodes[Int(top)].count > 0 {
      guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte(byte), at: offset, in: bytes) }
      offset += 1
    }
    nodes[Int(top)].count += 1
    try value()
  }

  /// Behind a value of an object: the next key with its value, or the end.
  private mutating func continueObject(_ top: UInt32) throws(JSONError) {
    var byte = try nextByte()
    if byte == UInt8(ascii: "}") {
      offset += 1
      try checkKeys(top)
      return close(top)
    }
    if nodes[Int(top)].count > 0 {
      guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte(byte), at: offset, in: bytes) }
      offset += 1
      byte = try nextByte()
    }
    guard byte == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte(byte), at: offset, in: bytes) }
    nodes[Int(top)].count += 1
    try string()
    let colon = try nextByte()
    guard colon == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte(colon), at: offset, in: bytes) }
    offset += 1
    try value()
  }

  private mutating func begin(_ kind: JSONNode.Kind) throws(JSONError) {
    guard open.count < options.maximumDepth else {
      throw JSONError(.tooDeep(limit: options.maximumDepth), at: offset, in: bytes)
    }
    open.append(UInt32(nodes.count))
    nodes.append(JSONNode(kind: kind, flag: false, offset: UInt32(offset), count: 0, end: 0))
    offset += 1
  }

  private mutating func close(_ top: UInt32) {
    nodes[Int(top)].end = UInt32(nodes.count)
    open.removeLast()
  }

  // MARK: - Values

  private mutating func value() throws(JSONError) {
    switch try nextByte() {
    case UInt8(ascii: "{"): try begin(.object)
    case UInt8(ascii: "["): try begin(.array)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true", .true)
    case UInt8(ascii: "f"): try word("false", .false)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private mutating func append(_ kind: JSONNode.Kind, flag: Bool = false, from start: Int, count: Int) {
    nodes.append(
      JSONNode(
        kind: kind, flag: flag, offset: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: count),
        end: UInt32(truncatingIfNeeded: nodes.count + 1)))
  }

  private mutating func word(_ text: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
    let start = offset
    for index in 0..<text.utf8CodeUnitCount {
      guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset, in: bytes) }
      guard bytes[offset] == text.utf8Start[index] else {
        throw JSONError(.unexpectedByte(bytes[offset]), at: offset, in: bytes)
      }
      offset += 1
    }
    append(kind, from: start, count: offset - start)
  }

  private mutating func number() throws(JSONError) {
    let start = offset
    var isInteger = true
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset, in: bytes) }
    guard isDigit(bytes[offset]) else {
      let kind: JSONError.Kind = offset > start ? .invalidNumber : .unexpectedByte(bytes[offset])
      throw JSONError(kind, at: offset, in: bytes)
    }
    let hasLeadingZero = bytes[offset] == 0x30
    let digits = skipDigits()
    if hasLeadingZero && digits > 1 { throw JSONError(.invalidNumber, at: start, in: bytes) }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      if skipDigits() == 0 { throw JSONError(.invalidNumber, at: start, in: bytes) }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
      if skipDigits() == 0 { throw JSONError(.invalidNumber, at: start, in: bytes) }
    }
    append(.number, flag: isInteger, from: start, count: offset - start)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
    return offset - start
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  // MARK: - Strings

  private mutating func string() throws(JSONError) {
    offset += 1
    let start = offset
    var hasEscapes = false
    var isASCII = true
    while true {
      if offset + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let special = Self.special(UInt64(littleEndian: word))
        if special == 0 {
          offset += 8
          continue
        }
        // The lowest of the bits is exact; those above it may be false.
        offset += special.trailingZeroBitCount >> 3
      }
      guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset, in: bytes) }
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 { throw JSONError(.controlCharacter, at: offset, in: bytes) }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try escape()
      } else {
        if byte >= 0x80 { isASCII = false }
        offset += 1
      }
    }
    if !isASCII, let wrong = UTF8Scan.firstError(in: bytes, start..<offset) {
      throw JSONError(.invalidUTF8, at: wrong, in: bytes)
    }
    append(.string, flag: hasEscapes, from: start, count: offset - start)
    offset += 1
  }

  /// Has the highest bit of a byte set that is a quote, a backslash, a control character, or above 0x7F (Bit Twiddling
  /// Hacks, "haszero", "hasless").
  @inline(__always)
  private static func special(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let found =
      ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- (ones &* 0x20)) & ~word) | word
    return found & high
  }

  private mutating func escape() throws(JSONError) {
    let start = offset
    guard offset + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count, in: bytes) }
    switch bytes[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 2
    case UInt8(ascii: "u"):
      let unit = try hexUnit(at: offset + 2)
      offset += 6
      if UTF16.isTrailSurrogate(unit) { throw JSONError(.invalidEscape, at: start, in: bytes) }
      guard UTF16.isLeadSurrogate(unit) else { return }
      guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u"),
        UTF16.isTrailSurrogate(try hexUnit(at: offset + 2))
      else { throw JSONError(.invalidEscape, at: start, in: bytes) }
      offset += 6
    default: throw JSONError(.invalidEscape, at: offset, in: bytes)
    }
  }

  private func hexUnit(at start: Int) throws(JSONError) -> UInt16 {
    guard start + 4 <= bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count, in: bytes) }
    guard let unit = JSONText.hexUnit(bytes, start) else { throw JSONError(.invalidEscape, at: start, in: bytes) }
    return unit
  }

  // MARK: - Space

  @inline(__always)
  private mutating func skipSpace() {
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      offset += 1
    }
  }

  @inline(__always)
  private mutating func nextByte() throws(JSONError) -> UInt8 {
    skipSpace()
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset, in: bytes) }
    return bytes[offset]
  }
}

/// A value, or a key, on the tape.
struct JSONNode {
  enum Kind: UInt8 {
    case null, `true`, `false`, number, string, array, object
  }

  var kind: Kind
  /// Of a string: whether it has escapes. Of a number: whether it is an integer. Of an object: whether a key is there
  /// twice.
  var flag: Bool
  /// Where the text begins: of a string behind its quote.
  var offset: UInt32
  /// The length of the text in bytes; of an array the number of its elements, of an object that of its keys.
  var count: UInt32
  /// The index of the node behind the subtree.
  var end: UInt32
}
