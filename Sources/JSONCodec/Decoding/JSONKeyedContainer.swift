// SPDX-License-Identifier: Apache-2.0
// The methods of a container don't mutate it, so the place where the next key probably stands needs an object of its
// own.

struct JSONKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let document: JSONDocument
  private let object: Int
  private let hint: KeyHint

  init(document: JSONDocument, object: Int) {
    self.document = document
    self.object = object
    hint = KeyHint(object + 1)
  }

  var codingPath: [any CodingKey] { document.path(to: object) }
  var allKeys: [Key] { document.keys(of: object).compactMap { Key(stringValue: $0) } }

  @inline(__always)
  private func index(of key: Key) -> Int { document.find(key.stringValue, in: object, hint: &hint.value) }

  @inline(__always)
  private func need(_ key: Key) throws -> Int {
    let found = index(of: key)
    if found >= 0 { return found }
    throw DecodingError.keyNotFound(
      key,
      DecodingError.Context(codingPath: codingPath, debugDescription: "the key \"\(key.stringValue)\" is missing"))
  }

  func contains(_ key: Key) -> Bool { index(of: key) >= 0 }
  func decodeNil(forKey key: Key) throws -> Bool { document.isNull(at: try need(key)) }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try document.bool(at: need(key)) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try document.string(at: need(key)) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try document.double(at: need(key)) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try document.float(at: need(key)) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try document.integer(at: need(key), as: type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try document.integer(at: need(key), as: type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try document.integer(at: need(key), as: type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try document.integer(at: need(key), as: type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try document.integer(at: need(key), as: type) }
  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try document.integer(at: need(key), as: type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try document.integer(at: need(key), as: type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try document.integer(at: need(key), as: type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try document.integer(at: need(key), as: type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try document.integer(at: need(key), as: type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try document.integer(at: need(key), as: type) }
  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try document.integer(at: need(key), as: type) }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try document.decode(type, at: need(key))
  }

  // The default looks for the key twice, to see whether it is there and whether it is null.

  private func present(_ key: Key) -> Int? {
    let found = index(of: key)
    return found < 0 || document.isNull(at: found) ? nil : found
  }

  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key).map(document.bool) }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key).map(document.string) }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try present(key).map(document.double) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try present(key).map { try document.integer(at: $0, as: type) }
  }
  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try present(key).map { try document.decode(type, at: $0) }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try JSONNodeDecoder(document: document, index: need(key)).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try JSONNodeDecoder(document: document, index: need(key)).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    var start = object + 1
    let found = document.find("super", in: object, hint: &start)
    guard found >= 0 else {
      throw DecodingError.keyNotFound(
        JSONKey.super,
        DecodingError.Context(codingPath: codingPath, debugDescription: "the key \"super\" is missing"))
    }
    return JSONNodeDecoder(document: document, index: found)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { JSONNodeDecoder(document: document, index: try need(key)) }
}

/// Where the next key probably stands.
final class KeyHint {
  @exclusivity(unchecked) var value: Int
  init(_ value: Int) { self.value = value }
}
