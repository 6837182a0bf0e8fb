// SPDX-License-Identifier: Apache-2.0

/// The encoder of the value that comes next in the output.
struct JSONWriterEncoder: Encoder {
  let writer: JSONWriter
  /// How many containers were open before the value.
  let depth: Int

  init(writer: JSONWriter) {
    self.writer = writer
    depth = writer.levels.count
  }

  var codingPath: [any CodingKey] { writer.path(to: depth) }
  var userInfo: [CodingUserInfoKey: Any] { writer.options.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    let (depth, id) = writer.begin(isObject: true, at: depth)
    return KeyedEncodingContainer(JSONKeyedWriter<Key>(writer: writer, depth: depth, id: id))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    let (depth, id) = writer.begin(isObject: false, at: depth)
    return JSONUnkeyedWriter(writer: writer, depth: depth, id: id)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension JSONWriterEncoder: SingleValueEncodingContainer {
  func encodeNil() { writer.writeNil() }
  func encode(_ value: Bool) { writer.write(value) }
  func encode(_ value: String) { writer.write(value) }
  func encode(_ value: Double) throws { try writer.write(value) }
  func encode(_ value: Float) throws { try writer.write(value) }
  func encode(_ value: Int) { writer.write(value) }
  func encode(_ value: Int8) { writer.write(value) }
  func encode(_ value: Int16) { writer.write(value) }
  func encode(_ value: Int32) { writer.write(value) }
  func encode(_ value: Int64) { writer.write(value) }
  func encode(_ value: Int128) { writer.write(value) }
  func encode(_ value: UInt) { writer.write(value) }
  func encode(_ value: UInt8) { writer.write(value) }
  func encode(_ value: UInt16) { writer.write(value) }
  func encode(_ value: UInt32) { writer.write(value) }
  func encode(_ value: UInt64) { writer.write(value) }
  func encode(_ value: UInt128) { writer.write(value) }
  func encode<Value: Encodable>(_ value: Value) throws { try writer.encode(value) }
}

/// The members of an object.
struct JSONKeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let writer: JSONWriter
  let depth: Int
  let id: Int

  var codingPath: [any CodingKey] { writer.path(to: depth) }

  @inline(__always)
  private func begin(_ key: Key) throws { try writer.key(key.stringValue, depth: depth, id: id) }

  func encodeNil(forKey key: Key) throws {
    try begin(key)
    writer.writeNil()
  }
  func encode(_ value: Bool, forKey key: Key) throws {
    try begin(key)
    writer.write(value)
  }
  func encode(_ value: String, forKey key: Key) throws {
    try begin(key)
    writer.write(value)
  }
  func encode(_ value: Double, forKey key: Key) throws {
    try begin(key)
    try writer.write(value)
  }
  func encode(_ value: Float, forKey key: Key) throws {
    try begin(key)
    try writer.write(value)
  }
  func encode(_ value: Int, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: Int8, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: Int16, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: Int32, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: Int64, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: Int128, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: UInt, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: UInt8, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: UInt16, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: UInt32, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: UInt64, forKey key: Key) throws { try integer(value, key) }
  func encode(_ value: UInt128, forKey key: Key) throws { try integer(value, key) }

  @inline(__always)
  private func integer<Integer: FixedWidthInteger>(_ value: Integer, _ key: Key) throws {
    try begin(key)
    writer.write(value)
  }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try begin(key)
    try writer.encode(value)
  }

  // These can't throw: a container that is closed by now writes to nowhere, and the encode begins anew.

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    try? begin(key)
    return JSONWriterEncoder(writer: writer).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    try? begin(key)
    return JSONWriterEncoder(writer: writer).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { later("super") }
  func superEncoder(forKey key: Key) -> any Encoder { later(key.stringValue) }

  /// An encoder may be used whenever its receiver likes, so only the tree can give one.
  private func later(_ key: String) -> any Encoder {
    writer.needsTree()
    return JSONTreeEncoder(options: writer.options, path: codingPath + [JSONKey(stringValue: key)])
  }
}

/// The elements of an array.
struct JSONUnkeyedWriter: UnkeyedEncodingContainer {
  let writer: JSONWriter
  let depth: Int
  let id: Int

  var codingPath: [any CodingKey] { writer.path(to: depth) }
  var count: Int { writer.count(depth: depth, id: id) }

  @inline(__always)
  private func begin() throws { try writer.element(depth: depth, id: id) }

  func encodeNil() throws {
    try begin()
    writer.writeNil()
  }
  func encode(_ value: Bool) throws {
    try begin()
    writer.write(value)
  }
  func encode(_ value: String) throws {
    try begin()
    writer.write(value)
  }
  func encode(_ value: Double) throws {
    try begin()
    try writer.write(value)
  }
  func encode(_ value: Float) throws {
    try begin()
    try writer.write(value)
  }
  func encode(_ value: Int) throws { try integer(value) }
  func encode(_ value: Int8) throws { try integer(value) }
  func encode(_ value: Int16) throws { try integer(value) }
  func encode(_ value: Int32) throws { try integer(value) }
  func encode(_ value: Int64) throws { try integer(value) }
  func encode(_ value: Int128) throws { try integer(value) }
  func encode(_ value: UInt) throws { try integer(value) }
  func encode(_ value: UInt8) throws { try integer(value) }
  func encode(_ value: UInt16) throws { try integer(value) }
  func encode(_ value: UInt32) throws { try integer(value) }
  func encode(_ value: UInt64) throws { try integer(value) }
  func encode(_ value: UInt128) throws { try integer(value) }

  @inline(__always)
  private func integer<Integer: FixedWidthInteger>(_ value: Integer) throws {
    try begin()
    writer.write(value)
  }

  func encode<Value: Encodable>(_ value: Value) throws {
    try begin()
    try writer.encode(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    try? begin()
    return JSONWriterEncoder(writer: writer).container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    try? begin()
    return JSONWriterEncoder(writer: writer).unkeyedContainer()
  }

  func superEncoder() -> any Encoder {
    writer.needsTree()
    return JSONTreeEncoder(options: writer.options, path: codingPath + [JSONKey(intValue: count)])
  }
}
