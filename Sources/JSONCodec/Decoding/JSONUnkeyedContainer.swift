// SPDX-License-Identifier: Apache-2.0

/// The elements of an array.
struct JSONUnkeyedContainer: UnkeyedDecodingContainer {
  private let document: JSONDocument
  private let array: UInt32
  private var next: UInt32
  private var position: UInt32 = 0

  init(document: JSONDocument, array: Int) {
    self.document = document
    self.array = UInt32(array)
    next = UInt32(array) + 1
  }

  var codingPath: [any CodingKey] { document.path(to: Int(array)) }
  var count: Int? { Int(document.nodes[Int(array)].count) }
  var currentIndex: Int { Int(position) }
  var isAtEnd: Bool { next >= document.nodes[Int(array)].end }

  /// Takes the next element's node, once the body has made a value of it: after an error the element is still the next.
  @inline(__always)
  private mutating func take<Value>(_ type: Value.Type, _ body: (Int) throws -> Value) throws -> Value {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type,
        DecodingError.Context(
          codingPath: codingPath + [JSONKey(intValue: Int(position))],
          debugDescription: "the array has only \(document.nodes[Int(array)].count) elements"))
    }
    let value = try body(Int(next))
    next = document.nodes[Int(next)].end
    position += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd else { return try take(Never?.self) { _ in nil } == nil }
    guard document.isNull(at: Int(next)) else { return false }
    next = document.nodes[Int(next)].end
    position += 1
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try take(type) { [document] in try document.bool(at: $0) } }
  mutating func decode(_ type: String.Type) throws -> String {
    try take(type) { [document] in try document.string(at: $0) }
  }
  mutating func decode(_ type: Double.Type) throws -> Double {
    try take(type) { [document] in try document.double(at: $0) }
  }
  mutating func decode(_ type: Float.Type) throws -> Float {
    try take(type) { [document] in try document.float(at: $0) }
  }
  mutating func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  mutating func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
  mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }

  private mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
    try take(type) { [document] in try document.integer(at: $0, as: type) }
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try take(type) { [document] in try document.decode(type, at: $0) }
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try take(KeyedDecodingContainer<Nested>.self) { [document] in
      try JSONNodeDecoder(document: document, index: $0).container(keyedBy: type)
    }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try take((any UnkeyedDecodingContainer).self) { [document] in
      try JSONNodeDecoder(document: document, index: $0).unkeyedContainer()
    }
  }

  mutating func superDecoder() throws -> any Decoder {
    try take((any Decoder).self) { [document] in JSONNodeDecoder(document: document, index: $0) }
  }
}
