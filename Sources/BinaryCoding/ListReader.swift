// SPDX-License-Identifier: Apache-2.0

struct ListReader: UnkeyedDecodingContainer {
  private let reader: ValueReader
  private let depth: Int
  private let start: Int
  private var next: Int
  private(set) var currentIndex = 0

  init(reader: ValueReader, depth: Int, start: Int) {
    self.reader = reader
    self.depth = depth
    self.start = start
    next = start
  }

  var codingPath: [any CodingKey] { [] }
  var count: Int? { nil }
  var isAtEnd: Bool { !((try? reader.go(to: next, start: start, depth: depth)) ?? false) }

  private func go() throws {
    if try reader.go(to: next, start: start, depth: depth) { return }
    throw DecodingError.valueNotFound(
      Any.self,
      DecodingError.Context(
        codingPath: [IndexKey(currentIndex)], debugDescription: "the list has \(currentIndex) values"))
  }

  private mutating func pass() {
    reader.passed(depth: depth)
    next = reader.position
    currentIndex += 1
  }

  mutating func decodeNil() throws -> Bool {
    try go()
    guard try reader.takeNull() else { return false }
    pass()
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try go()
    let value = try reader.read(type, depth: depth + 1)
    pass()
    return value
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool {
    try go()
    let value = try reader.boolean()
    pass()
    return value
  }

  mutating func decode(_ type: String.Type) throws -> String {
    try go()
    let value = try reader.string()
    pass()
    return value
  }

  mutating func decode(_ type: Double.Type) throws -> Double {
    try go()
    let value = try reader.double()
    pass()
    return value
  }

  mutating func decode(_ type: Float.Type) throws -> Float {
    try go()
    let value = try reader.float()
    pass()
    return value
  }

  mutating func decode(_ type: Int.Type) throws -> Int {
    try go()
    let value = try reader.integer(Int.self)
    pass()
    return value
  }

  mutating func decode(_ type: Int8.Type) throws -> Int8 {
    try go()
    let value = try reader.integer(Int8.self)
    pass()
    return value
  }

  mutating func decode(_ type: Int16.Type) throws -> Int16 {
    try go()
    let value = try reader.integer(Int16.self)
    pass()
    return value
  }

  mutating func decode(_ type: Int32.Type) throws -> Int32 {
    try go()
    let value = try reader.integer(Int32.self)
    pass()
    return value
  }

  mutating func decode(_ type: Int64.Type) throws -> Int64 {
    try go()
    let value = try reader.integer(Int64.self)
    pass()
    return value
  }

  mutating func decode(_ type: UInt.Type) throws -> UInt {
    try go()
    let value = try reader.integer(UInt.self)
    pass()
    return value
  }

  mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
    try go()
    let value = try reader.integer(UInt8.self)
    pass()
    return value
  }

  mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
    try go()
    let value = try reader.integer(UInt16.self)
    pass()
    return value
  }

  mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
    try go()
    let value = try reader.integer(UInt32.self)
    pass()
    return value
  }

  mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
    try go()
    let value = try reader.integer(UInt64.self)
    pass()
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try passUnread()
    return try ValueDecoder(reader: reader, depth: depth + 1).container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try passUnread()
    return try ValueDecoder(reader: reader, depth: depth + 1).unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder {
    try passUnread()
    return ValueDecoder(reader: reader, depth: depth + 1)
  }

  /// Goes behind a value that is read later.
  private mutating func passUnread() throws {
    try go()
    next = try reader.positionAfterValue(depth: depth + 1)
    currentIndex += 1
  }
}

struct SingleReader: SingleValueDecodingContainer {
  let reader: ValueReader
  let depth: Int

  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { (try? reader.takeNull()) ?? false }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try reader.read(type, depth: depth) }
  func decode(_ type: Bool.Type) throws -> Bool { try reader.boolean() }
  func decode(_ type: String.Type) throws -> String { try reader.string() }
  func decode(_ type: Double.Type) throws -> Double { try reader.double() }
  func decode(_ type: Float.Type) throws -> Float { try reader.float() }
  func decode(_ type: Int.Type) throws -> Int { try reader.integer(Int.self) }
  func decode(_ type: Int8.Type) throws -> Int8 { try reader.integer(Int8.self) }
  func decode(_ type: Int16.Type) throws -> Int16 { try reader.integer(Int16.self) }
  func decode(_ type: Int32.Type) throws -> Int32 { try reader.integer(Int32.self) }
  func decode(_ type: Int64.Type) throws -> Int64 { try reader.integer(Int64.self) }
  func decode(_ type: UInt.Type) throws -> UInt { try reader.integer(UInt.self) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try reader.integer(UInt8.self) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try reader.integer(UInt16.self) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try reader.integer(UInt32.self) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try reader.integer(UInt64.self) }
  func decode(_ type: Int128.Type) throws -> Int128 {
    let (high, low) = try reader.wide()
    return Int128(Int64(bitPattern: high)) << 64 | Int128(low)
  }
  func decode(_ type: UInt128.Type) throws -> UInt128 {
    let (high, low) = try reader.wide()
    return UInt128(high) << 64 | UInt128(low)
  }
}
