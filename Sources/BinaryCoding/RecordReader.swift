// SPDX-License-Identifier: Apache-2.0
// The containers of Codable, over a `ValueReader`.

struct ValueDecoder: Decoder {
  let reader: ValueReader
  let depth: Int

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(
      RecordReader(reader: reader, depth: depth, start: try reader.enter(Tag.record, depth: depth)))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    ListReader(reader: reader, depth: depth, start: try reader.enter(Tag.list, depth: depth))
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SingleReader(reader: reader, depth: depth) }
}

struct RecordReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let reader: ValueReader
  let depth: Int
  let start: Int

  var codingPath: [any CodingKey] { [] }

  var allKeys: [Key] {
    // A damaged message has keys up to the damage; reading a value says what is wrong.
    ((try? reader.keys(start: start, depth: depth)) ?? []).compactMap { Key(stringValue: $0) }
  }

  func contains(_ key: Key) -> Bool { (try? reader.find(key.stringValue, start: start, depth: depth)) ?? false }

  private func go(to key: some CodingKey) throws {
    if try reader.find(key.stringValue, start: start, depth: depth) { return }
    throw DecodingError.keyNotFound(
      key, DecodingError.Context(codingPath: [], debugDescription: "there is no key \"\(key.stringValue)\""))
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    try go(to: key)
    return try reader.takeNull()
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try go(to: key)
    let value = try reader.read(type, depth: depth + 1)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try go(to: key)
    let value = try reader.boolean()
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try go(to: key)
    let value = try reader.string()
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try go(to: key)
    let value = try reader.double()
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    try go(to: key)
    let value = try reader.float()
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    try go(to: key)
    let value = try reader.integer(Int.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
    try go(to: key)
    let value = try reader.integer(Int8.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    try go(to: key)
    let value = try reader.integer(Int16.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try go(to: key)
    let value = try reader.integer(Int32.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try go(to: key)
    let value = try reader.integer(Int64.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
    try go(to: key)
    let value = try reader.integer(UInt.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try go(to: key)
    let value = try reader.integer(UInt8.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try go(to: key)
    let value = try reader.integer(UInt16.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try go(to: key)
    let value = try reader.integer(UInt32.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try go(to: key)
    let value = try reader.integer(UInt64.self)
    reader.passed(depth: depth)
    return value
  }

  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
    try go(to: key)
    let (high, low) = try reader.wide()
    reader.passed(depth: depth)
    return Int128(Int64(bitPattern: high)) << 64 | Int128(low)
  }

  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
    try go(to: key)
    let (high, low) = try reader.wide()
    reader.passed(depth: depth)
    return UInt128(high) << 64 | UInt128(low)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try go(to: key)
    return try ValueDecoder(reader: reader, depth: depth + 1).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try go(to: key)
    return try ValueDecoder(reader: reader, depth: depth + 1).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    try go(to: SuperKey())
    return ValueDecoder(reader: reader, depth: depth + 1)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder {
    try go(to: key)
    return ValueDecoder(reader: reader, depth: depth + 1)
  }
}
