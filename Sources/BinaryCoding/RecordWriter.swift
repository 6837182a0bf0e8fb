// SPDX-License-Identifier: Apache-2.0
// The containers of Codable, over a `ValueWriter`. Each knows how many containers it is within.

struct ValueEncoder: Encoder {
  let writer: ValueWriter
  let depth: Int

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(RecordWriter(writer: writer, depth: depth))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { ListWriter(writer: writer, depth: depth) }
  func singleValueContainer() -> any SingleValueEncodingContainer { SingleWriter(writer: writer, depth: depth) }
}

struct RecordWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  private let writer: ValueWriter
  private let depth: Int
  private let number: Int

  init(writer: ValueWriter, depth: Int) {
    self.writer = writer
    self.depth = depth
    number = writer.begin(Tag.record, depth: depth)
  }

  var codingPath: [any CodingKey] { [] }

  private func begin(_ key: some CodingKey) throws {
    try writer.resume(number, depth: depth, [key])
    writer.key(key.stringValue)
  }

  func encodeNil(forKey key: Key) throws {
    try begin(key)
    writer.null()
  }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try begin(key)
    try writer.write(value, depth: depth + 1)
  }

  func encode(_ value: Bool, forKey key: Key) throws {
    try begin(key)
    writer.boolean(value)
  }

  func encode(_ value: String, forKey key: Key) throws {
    try begin(key)
    writer.string(value)
  }

  func encode(_ value: Double, forKey key: Key) throws {
    try begin(key)
    writer.double(value)
  }

  func encode(_ value: Float, forKey key: Key) throws {
    try begin(key)
    writer.float(value)
  }

  func encode(_ value: Int, forKey key: Key) throws {
    try begin(key)
    writer.integer(Int(value))
  }

  func encode(_ value: Int8, forKey key: Key) throws {
    try begin(key)
    writer.integer(Int(value))
  }

  func encode(_ value: Int16, forKey key: Key) throws {
    try begin(key)
    writer.integer(Int(value))
  }

  func encode(_ value: Int32, forKey key: Key) throws {
    try begin(key)
    writer.integer(Int(value))
  }

  func encode(_ value: Int64, forKey key: Key) throws {
    try begin(key)
    writer.integer(Int(value))
  }

  func encode(_ value: UInt, forKey key: Key) throws {
    try begin(key)
    writer.unsigned(UInt64(value))
  }

  func encode(_ value: UInt8, forKey key: Key) throws {
    try begin(key)
    writer.unsigned(UInt64(value))
  }

  func encode(_ value: UInt16, forKey key: Key) throws {
    try begin(key)
    writer.unsigned(UInt64(value))
  }

  func encode(_ value: UInt32, forKey key: Key) throws {
    try begin(key)
    writer.unsigned(UInt64(value))
  }

  func encode(_ value: UInt64, forKey key: Key) throws {
    try begin(key)
    writer.unsigned(UInt64(value))
  }

  func encode(_ value: Int128, forKey key: Key) throws {
    try begin(key)
    writer.wide(high: UInt64(bitPattern: Int64(value >> 64)), low: UInt64(truncatingIfNeeded: value))
  }

  func encode(_ value: UInt128, forKey key: Key) throws {
    try begin(key)
    writer.wide(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value))
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    beginOrTrap(key)
    return KeyedEncodingContainer(RecordWriter<Nested>(writer: writer, depth: depth + 1))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    beginOrTrap(key)
    return ListWriter(writer: writer, depth: depth + 1)
  }

  func superEncoder() -> any Encoder {
    beginOrTrap(SuperKey())
    return ValueEncoder(writer: writer, depth: depth + 1)
  }

  func superEncoder(forKey key: Key) -> any Encoder {
    beginOrTrap(key)
    return ValueEncoder(writer: writer, depth: depth + 1)
  }

  /// These functions of the protocol can't throw.
  private func beginOrTrap(_ key: some CodingKey) {
    do { try begin(key) } catch { preconditionFailure("\(error)") }
  }
}
