// SPDX-License-Identifier: Apache-2.0
// Reads in place, by positions. A container remembers where it begins, and how far it was read. A key that isn't next
// is looked for from the beginning. Every length is checked against what is there before anything is allocated.

/// Reads values that a `ValueWriter` wrote, one after another.
package final class ValueReader {
  let bytes: [UInt8]
  private(set) var position: Int
  private var names: [String] = []
  /// How far the open containers were read, from the outside in.
  private var frames: [Frame] = []

  struct Frame {
    /// The position after the tag.
    let start: Int
    /// The position of the next key or value, or of the end.
    var next: Int
    let isRecord: Bool
  }

  /// Reads from a position on.
  package init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// Whether all has been read.
  package var isAtEnd: Bool { position == bytes.count }

  /// Reads the next value.
  ///
  /// - Throws: `DecodingError` if it isn't a value of the type, or the bytes are damaged.
  package func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
    frames.removeAll(keepingCapacity: true)
    return try read(type, depth: 0)
  }

  func corrupt(_ reason: String) -> DecodingError {
    .dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: "\(reason), at byte \(position)"))
  }

  private func mismatch(_ type: Any.Type) -> DecodingError {
    let tag = position < bytes.count ? "tag \(bytes[position])" : "the end"
    return .typeMismatch(
      type, DecodingError.Context(codingPath: [], debugDescription: "found \(tag) at byte \(position)"))
  }

  // MARK: - Values

  func read<Value: Decodable>(_ type: Value.Type, depth: Int) throws -> Value {
    if depth > depthLimit { throw corrupt("values are nested in more than \(depthLimit) others") }
    if Value.self == Int.self { return unsafeBitCast(try integer(Int.self), to: Value.self) }
    if Value.self == String.self, let value = try string() as? Value { return value }
    if Value.self == Double.self, let value = try double() as? Value { return value }
    if Value.self == [UInt8].self, try peek() == Tag.bytes, let value = try raws() as? Value { return value }
    let start = position
    let value = try Value(from: ValueDecoder(reader: self, depth: depth))
    if frames.count > depth {
      try finish(depth)
    } else if position == start {
      try skip(depth: depth)
    }
    return value
  }

  private func finish(_ depth: Int) throws {
    position = frames[depth].next
    let isRecord = frames[depth].isRecord
    frames.removeLast(frames.count - depth)
    try skipRest(ofRecord: isRecord, depth: depth)
  }

  func peek() throws -> UInt8 {
    guard position < bytes.count else { throw corrupt("the message ends too early") }
    return bytes[position]
  }

  private func byte() throws -> UInt8 {
    let byte = try peek()
    position += 1
    return byte
  }

  /// Takes null, if it is next.
  func takeNull() throws -> Bool {
    guard try peek() == Tag.null else { return false }
    position += 1
    return true
  }

  func boolean() throws -> Bool {
    let tag = try peek()
    guard tag == Tag.yes || tag == Tag.no else { throw mismatch(Bool.self) }
    position += 1
    return tag == Tag.yes
  }

  func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    let tag = try peek()
    let start = position
    if tag >= Tag.small {
      position += 1
      return try fit(tag & 0x7f, start)
    }
    guard tag == Tag.integer || tag == Tag.unsigned else { throw mismatch(type) }
    position += 1
    let word = try varint()
    if tag == Tag.unsigned { return try fit(word, start) }
    return try fit(Int64(bitPattern: word &>> 1) ^ -Int64(bitPattern: word & 1), start)
  }

  private func fit<Number: FixedWidthInteger>(_ value: some FixedWidthInteger, _ start: Int) throws -> Number {
    if let number = Number(exactly: value) { return number }
    position = start
    throw corrupt("\(value) doesn't fit into \(Number.self)")
  }

  func wide() throws -> (high: UInt64, low: UInt64) {
    guard try peek() == Tag.wide else { throw mismatch(Int128.self) }
    position += 1
    let low: UInt64 = try fixed()
    return (try fixed(), low)
  }

  func float() throws -> Float {
    guard try peek() == Tag.float else { throw mismatch(Float.self) }
    position += 1
    return Float(bitPattern: try fixed())
  }

  func double() throws -> Double {
    guard try peek() == Tag.double else { throw mismatch(Double.self) }
    position += 1
    return Double(bitPattern: try fixed())
  }

  func string() throws -> String {
    guard try peek() == Tag.text else { throw mismatch(String.self) }
    position += 1
    return try text()
  }

  private func raws() throws -> [UInt8] {
    position += 1
    return Array(bytes[try takeRange()])
  }

  private func text() throws -> String {
    let range = try takeRange()
    guard let text = String(validating: bytes[range], as: UTF8.self) else { throw corrupt("text is not UTF-8") }
    return text
  }

  /// Takes a length and as many bytes.
  private func takeRange() throws -> Range<Int> {
    let count = try varint()
    guard count <= UInt64(bytes.count - position) else { throw corrupt("a length of \(count) is beyond the end") }
    let start = position
    position += Int(count)
    return start..<position
  }

  private func varint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      if shift == 63 && byte > 1 { throw corrupt("a number has more than 64 bits") }
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { throw corrupt("a number has more than 64 bits") }
    }
  }

  private func fixed<Number: FixedWidthInteger>() throws -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - position >= size else { throw corrupt("the message ends too early") }
    var number: Number = 0
    for index in (0..<size).reversed() { number = number << 8 | Number(truncatingIfNeeded: bytes[position + index]) }
    position += size
    return number
  }

  // MARK: - Containers

  /// Enters a container that is next, within `depth` others. Returns the position after its tag.
  func enter(_ tag: UInt8, depth: Int) throws -> Int {
    guard try peek() == tag else { throw mismatch(tag == Tag.record ? [String: Any].self : [Any].self) }
    position += 1
    if frames.count > depth { frames.removeLast(frames.count - depth) }
    while frames.count < depth { frames.append(Frame(start: position, next: position, isRecord: false)) }
    frames.append(Frame(start: position, next: position, isRecord: tag == Tag.record))
    return position
  }

  /// The state of a container that was entered before: the last one at this depth, or else one to read anew.
  private func resume(_ start: Int, depth: Int, isRecord: Bool) {
    if frames.count > depth && frames[depth].start == start {
      frames.removeLast(frames.count - depth - 1)
    } else {
      if frames.count > depth { frames.removeLast(frames.count - depth) }
      while frames.count < depth { frames.append(Frame(start: -1, next: start, isRecord: false)) }
      frames.append(Frame(start: start, next: start, isRecord: isRecord))
    }
  }

  /// Goes to the value of a key. Returns false if the record lacks it.
  func find(_ name: String, start: Int, depth: Int) throws -> Bool {
    resume(start, depth: depth, isRecord: true)
    let next = frames[depth].next
    position = next
    while let key = try takeKey() {
      if key == name { return true }
      try skip(depth: depth + 1)
    }
    position = start
    while position < next, let key = try takeKey() {
      if key == name { return true }
      try skip(depth: depth + 1)
    }
    return false
  }

  /// Notes that a value of a container was read up to here.
  func passed(depth: Int) { frames[depth].next = position }

  func keys(start: Int, depth: Int) throws -> [String] {
    resume(start, depth: depth, isRecord: true)
    position = start
    var keys: [String] = []
    while let key = try takeKey() {
      keys.append(key)
      try skip(depth: depth + 1)
    }
    return keys
  }

  /// Goes to the next value of a list at this position. Returns false at its end.
  func go(to next: Int, start: Int, depth: Int) throws -> Bool {
    resume(start, depth: depth, isRecord: false)
    position = next
    return try peek() != Tag.end
  }

  /// The next key of a record; nil at its end.
  private func takeKey() throws -> String? {
    if try peek() == Tag.endOfRecord { return nil }
    let word = try varint()
    guard word >= 2, word >> 1 <= UInt64(names.count) + 1 else { throw corrupt("there is no key \(word)") }
    let number = Int(word >> 1) - 1
    guard word & 1 == 1 else {
      guard number < names.count else { throw corrupt("key \(number) has no name") }
      return names[number]
    }
    let name = try text()
    if number == names.count {
      names.append(name)
    } else if names[number] != name {
      throw corrupt("key \(number) has two names")
    }
    return name
  }

  // MARK: - Skipping

  private func skip(depth: Int) throws {
    if depth > depthLimit { throw corrupt("values are nested in more than \(depthLimit) others") }
    let tag = try byte()
    switch tag {
    case Tag.small..., Tag.null, Tag.no, Tag.yes: break
    case Tag.integer, Tag.unsigned: _ = try varint()
    case Tag.float: _ = try fixed() as UInt32
    case Tag.double: _ = try fixed() as UInt64
    case Tag.wide: _ = (try fixed() as UInt64, try fixed() as UInt64)
    case Tag.text, Tag.bytes: _ = try takeRange()
    case Tag.list, Tag.record: try skipRest(ofRecord: tag == Tag.record, depth: depth)
    default:
      position -= 1
      throw corrupt("there is no tag \(tag)")
    }
  }

  /// The position after the value that is next, which stays next.
  func positionAfterValue(depth: Int) throws -> Int {
    let start = position
    defer { position = start }
    try skip(depth: depth)
    return position
  }

  /// Skips what is left of a container, and its end.
  private func skipRest(ofRecord isRecord: Bool, depth: Int) throws {
    if isRecord {
      while try takeKey() != nil { try skip(depth: depth + 1) }
    } else {
      while try peek() != Tag.end { try skip(depth: depth + 1) }
    }
    position += 1
  }
}
