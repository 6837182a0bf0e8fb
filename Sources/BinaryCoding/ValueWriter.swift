// SPDX-License-Identifier: Apache-2.0
// The writer appends; it never goes back. A container that is open stays open until code writes to one around it, and
// then its end is written. So containers must be filled one after another. Synthesized code does that, and so does
// nearly all other code; what doesn't gets an error.

/// Writes Codable values one after another, as one message.
package final class ValueWriter {
  package private(set) var bytes: [UInt8] = []
  private let limit: Int
  /// The open containers, from the outside in, each with a number of its own.
  private var open: [(number: Int, end: UInt8)] = []
  private var containers = 0
  private var names: [String] = []
  private var numbers: [String: Int] = [:]
  /// The key that followed each key the last time, by number + 1: records of a type come with the same keys.
  private var followers: [Int] = [-1]
  private var lastKey = -1

  /// - Parameter limit: How many bytes a message may have.
  package init(limit: Int = .max) { self.limit = limit }

  /// Appends a value.
  ///
  /// - Throws: `EncodingError` if the value can't be encoded, or the message becomes longer than its limit.
  package func write<Value: Encodable>(_ value: Value) throws { try write(value, depth: 0) }

  /// Appends bytes that are not a value.
  package func append(_ raw: [UInt8]) { bytes += raw }

  // MARK: - Values

  func write<Value: Encodable>(_ value: Value, depth: Int) throws {
    if depth > depthLimit { throw error(value, "it is nested in more than \(depthLimit) others") }
    if bytes.count > limit { throw error(value, "the message is longer than \(limit) bytes") }
    // Unspecialized code casts slowly, so the commonest types are read in place.
    if Value.self == Int.self { return integer(unsafeBitCast(value, to: Int.self)) }
    if Value.self == String.self, let text = value as? String { return string(text) }
    if Value.self == Double.self, let number = value as? Double { return double(number) }
    if Value.self == [UInt8].self, let raw = value as? [UInt8] { return raws(raw) }
    let start = bytes.count
    try value.encode(to: ValueEncoder(writer: self, depth: depth))
    close(to: depth)
    if bytes.count == start { bytes += [Tag.record, Tag.endOfRecord] }
  }

  private func error(_ value: Any, _ reason: String) -> EncodingError {
    .invalidValue(value, EncodingError.Context(codingPath: [], debugDescription: reason))
  }

  func null() { bytes.append(Tag.null) }
  func boolean(_ value: Bool) { bytes.append(value ? Tag.yes : Tag.no) }

  func integer(_ value: Int) {
    if value >= 0 && value < 128 { return bytes.append(Tag.small | UInt8(truncatingIfNeeded: value)) }
    bytes.append(Tag.integer)
    varint(UInt64(bitPattern: Int64((value &<< 1) ^ (value &>> 63))))
  }

  func unsigned(_ value: UInt64) {
    if value <= UInt64(Int.max) { return integer(Int(value)) }
    bytes.append(Tag.unsigned)
    varint(value)
  }

  func wide(high: UInt64, low: UInt64) {
    bytes.append(Tag.wide)
    fixed(low)
    fixed(high)
  }

  func float(_ value: Float) {
    bytes.append(Tag.float)
    fixed(value.bitPattern)
  }

  func double(_ value: Double) {
    bytes.append(Tag.double)
    fixed(value.bitPattern)
  }

  func string(_ value: String) {
    bytes.append(Tag.text)
    text(value)
  }

  private func raws(_ value: [UInt8]) {
    bytes.append(Tag.bytes)
    varint(UInt64(value.count))
    bytes += value
  }

  private func text(_ value: String) {
    var value = value
    value.withUTF8 { utf8 in
      varint(UInt64(utf8.count))
      bytes.append(contentsOf: utf8)
    }
  }

  private func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value &>>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  private func fixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  // MARK: - Containers

  /// Opens a container within `depth` others, and returns its number.
  func begin(_ tag: UInt8, depth: Int) -> Int {
    close(to: depth)
    bytes.append(tag)
    containers += 1
    open.append((containers, tag == Tag.record ? Tag.endOfRecord : Tag.end))
    return containers
  }

  /// Makes a container, within `depth` others, the innermost one.
  func resume(_ container: Int, depth: Int, _ path: [any CodingKey]) throws {
    close(to: depth + 1)
    if open.count == depth + 1 && open[depth].number == container { return }
    throw EncodingError.invalidValue(
      container,
      EncodingError.Context(
        codingPath: path, debugDescription: "a container is written to after a later one beside it"))
  }

  private func close(to depth: Int) {
    while open.count > depth {
      bytes.append(open.removeLast().end)
    }
  }

  func key(_ name: String) {
    let guess = followers[lastKey + 1]
    if guess >= 0 && names[guess] == name {
      lastKey = guess
      return varint(UInt64(guess + 1) << 1)
    }
    let known = numbers[name]
    let number = known ?? names.count
    varint(UInt64(number + 1) << 1 | (known == nil ? 1 : 0))
    if known == nil {
      text(name)
      names.append(name)
      numbers[name] = number
      followers.append(-1)
    }
    followers[lastKey + 1] = number
    lastKey = number
  }
}
