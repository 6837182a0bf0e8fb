// SPDX-License-Identifier: Apache-2.0
// Decoders and containers are structs of at most three words, which an existential holds without an allocation.

/// The decoder of one node.
struct JSONNodeDecoder: Decoder {
  let document: JSONDocument
  let index: Int

  var codingPath: [any CodingKey] { document.path(to: index) }
  var userInfo: [CodingUserInfoKey: Any] { document.options.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard document.nodes[index].kind == .object else { throw document.mismatch([String: Any].self, at: index) }
    return KeyedDecodingContainer(JSONKeyedContainer<Key>(document: document, object: index))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard document.nodes[index].kind == .array else { throw document.mismatch([Any].self, at: index) }
    return JSONUnkeyedContainer(document: document, array: index)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
}

extension JSONNodeDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { document.isNull(at: index) }
  func decode(_ type: Bool.Type) throws -> Bool { try document.bool(at: index) }
  func decode(_ type: String.Type) throws -> String { try document.string(at: index) }
  func decode(_ type: Double.Type) throws -> Double { try document.double(at: index) }
  func decode(_ type: Float.Type) throws -> Float { try document.float(at: index) }
  func decode(_ type: Int.Type) throws -> Int { try document.integer(at: index, as: type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try document.integer(at: index, as: type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try document.integer(at: index, as: type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try document.integer(at: index, as: type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try document.integer(at: index, as: type) }
  func decode(_ type: Int128.Type) throws -> Int128 { try document.integer(at: index, as: type) }
  func decode(_ type: UInt.Type) throws -> UInt { try document.integer(at: index, as: type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try document.integer(at: index, as: type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try document.integer(at: index, as: type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try document.integer(at: index, as: type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try document.integer(at: index, as: type) }
  func decode(_ type: UInt128.Type) throws -> UInt128 { try document.integer(at: index, as: type) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try document.decode(type, at: index) }
}
