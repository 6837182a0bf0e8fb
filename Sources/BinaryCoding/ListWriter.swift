// SPDX-License-Identifier: Apache-2.0

struct ListWriter: UnkeyedEncodingContainer {
  private let writer: ValueWriter
  private let depth: Int
  private let number: Int
  private(set) var count = 0

  init(writer: ValueWriter, depth: Int) {
    self.writer = writer
    self.depth = depth
    number = writer.begin(Tag.list, depth: depth)
  }

  var codingPath: [any CodingKey] { [] }

  private mutating func begin() throws {
    try writer.resume(number, depth: depth, [IndexKey(count)])
    count += 1
  }

  mutating func encodeNil() throws {
    try begin()
    writer.null()
  }

  mutating func encode<Value: Encodable>(_ value: Value) throws {
    try begin()
    try writer.write(value, depth: depth + 1)
  }

  mutating func encode(_ value: Bool) throws {
    try begin()
    writer.boolean(value)
  }

  mutating func encode(_ value: String) throws {
    try begin()
    writer.string(value)
  }

  mutating func encode(_ value: Double) throws {
    try begin()
    writer.double(value)
  }

  mutating func encode(_ value: Float) throws {
    try begin()
    writer.float(value)
  }

  mutating func encode(_ value: Int) throws {
    try begin()
    writer.integer(Int(value))
  }

  mutating func encode(_ value: Int8) throws {
    try begin()
    writer.integer(Int(value))
  }

  mutating func encode(_ value: Int16) throws {
    try begin()
    writer.integer(Int(value))
  }

  mutating func encode(_ value: Int32) throws {
    try begin()
    writer.integer(Int(value))
  }

  mutating func encode(_ value: Int64) throws {
    try begin()
    writer.integer(Int(value))
  }

  mutating func encode(_ value: UInt) throws {
    try begin()
    writer.unsigned(UInt64(value))
  }

  mutating func encode(_ value: UInt8) throws {
    try begin()
    writer.unsigned(UInt64(value))
  }

  mutating func encode(_ value: UInt16) throws {
    try begin()
    writer.unsigned(UInt64(value))
  }

  mutating func encode(_ value: UInt32) throws {
    try begin()
    writer.unsigned(UInt64(value))
  }

  mutating func encode(_ value: UInt64) throws {
    try begin()
    writer.unsigned(UInt64(value))
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    beginOrTrap()
    return KeyedEncodingContainer(RecordWriter<Nested>(writer: writer, depth: depth + 1))
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    beginOrTrap()
    return ListWriter(writer: writer, depth: depth + 1)
  }

  mutating func superEncoder() -> any Encoder {
    beginOrTrap()
    return ValueEncoder(writer: writer, depth: depth + 1)
  }

  /// These functions of the protocol can't throw.
  private mutating func beginOrTrap() {
    do { try begin() } catch { preconditionFailure("\(error)") }
  }
}

struct SingleWriter: SingleValueEncodingContainer {
  let writer: ValueWriter
  let depth: Int

  var codingPath: [any CodingKey] { [] }

  func encodeNil() { writer.null() }
  func encode<Value: Encodable>(_ value: Value) throws { try writer.write(value, depth: depth) }
  func encode(_ value: Bool) { writer.boolean(value) }
  func encode(_ value: String) { writer.string(value) }
  func encode(_ value: Double) { writer.double(value) }
  func encode(_ value: Float) { writer.float(value) }
  func encode(_ value: Int) { writer.integer(Int(value)) }
  func encode(_ value: Int8) { writer.integer(Int(value)) }
  func encode(_ value: Int16) { writer.integer(Int(value)) }
  func encode(_ value: Int32) { writer.integer(Int(value)) }
  func encode(_ value: Int64) { writer.integer(Int(value)) }
  func encode(_ value: UInt) { writer.unsigned(UInt64(value)) }
  func encode(_ value: UInt8) { writer.unsigned(UInt64(value)) }
  func encode(_ value: UInt16) { writer.unsigned(UInt64(value)) }
  func encode(_ value: UInt32) { writer.unsigned(UInt64(value)) }
  func encode(_ value: UInt64) { writer.unsigned(UInt64(value)) }
  func encode(_ value: Int128) {
    writer.wide(high: UInt64(bitPattern: Int64(value >> 64)), low: UInt64(truncatingIfNeeded: value))
  }
  func encode(_ value: UInt128) { writer.wide(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value)) }
}
