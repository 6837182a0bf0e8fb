// SPDX-License-Identifier: Apache-2.0
// The encoder for what the writer can't do in one pass: containers that are written to by turns, encoders for a
// superclass, sorted keys. Each container fills a node of its own, whenever it likes.

/// A value that is being made.
final class JSONTreeNode {
  enum Content {
    case nothing
    case value(JSONValue)
    case array([JSONTreeNode])
    case object(keys: [String], nodes: [JSONTreeNode])
  }

  var content = Content.nothing

  /// The node under a key, new or not: of two values for a key the last one counts, in the place of the first.
  func member(_ key: String) -> JSONTreeNode {
    guard case .object(var keys, var nodes) = content else { preconditionFailure("not an object") }
    let node = JSONTreeNode()
    if let place = keys.firstIndex(where: { $0.utf8.elementsEqual(key.utf8) }) {
      nodes[place] = node
    } else {
      keys.append(key)
      nodes.append(node)
    }
    content = .object(keys: keys, nodes: nodes)
    return node
  }

  func element() -> JSONTreeNode {
    guard case .array(var nodes) = content else { preconditionFailure("not an array") }
    let node = JSONTreeNode()
    content = .nothing
    nodes.append(node)
    content = .array(nodes)
    return node
  }

  var count: Int { if case .array(let nodes) = content { nodes.count } else { 0 } }

  func write(into output: ByteOutput, options: JSONEncodingOptions) throws {
    switch content {
    case .nothing: output.append("{}")
    case .value(let value): value.write(into: output, options: options)
    case .array(let nodes):
      output.append(byte: UInt8(ascii: "["))
      for (index, node) in nodes.enumerated() {
        if index > 0 { output.append(byte: UInt8(ascii: ",")) }
        try node.write(into: output, options: options)
      }
      output.append(byte: UInt8(ascii: "]"))
    case .object(let keys, let nodes):
      output.append(byte: UInt8(ascii: "{"))
      var order = Array(keys.indices)
      if options.sortsKeys { order.sort { keys[$0].utf8.lexicographicallyPrecedes(keys[$1].utf8) } }
      for (index, place) in order.enumerated() {
        if index > 0 { output.append(byte: UInt8(ascii: ",")) }
        output.append(quoted: keys[place])
        output.append(byte: UInt8(ascii: ":"))
        try nodes[place].write(into: output, options: options)
      }
      output.append(byte: UInt8(ascii: "}"))
    }
  }
}

struct JSONTreeEncoder: Encoder {
  let node: JSONTreeNode
  let options: JSONEncodingOptions
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { options.userInfo }

  init(options: JSONEncodingOptions, path: [any CodingKey], node: JSONTreeNode = JSONTreeNode()) {
    self.options = options
    codingPath = path
    self.node = node
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .object = node.content {} else { node.content = .object(keys: [], nodes: []) }
    return KeyedEncodingContainer(JSONTreeKeyed<Key>(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .array = node.content {} else { node.content = .array([]) }
    return JSONTreeUnkeyed(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { JSONTreeSingle(encoder: self) }

  func child(_ node: JSONTreeNode, _ key: any CodingKey) -> JSONTreeEncoder {
    JSONTreeEncoder(options: options, path: codingPath + [key], node: node)
  }

  func encodeValue<Value: Encodable>(_ value: Value) throws {
    switch value {
    case let text as String: node.content = .value(.string(text))
    case let json as JSONValue: node.content = .value(json)
    case let flag as Bool: node.content = .value(.bool(flag))
    case let number as Double: node.content = .value(.number(try self.number(JSONNumber(number), number)))
    case let number as Float:
      let text = number.isFinite ? JSONNumber(checked: ByteOutput.text(of: number)) : nil
      node.content = .value(.number(try self.number(text, number)))
    case let number as any FixedWidthInteger: node.content = .value(.number(JSONNumber(number)))
    default: try value.encode(to: self)
    }
  }

  private func number(_ number: JSONNumber?, _ value: some FloatingPoint) throws -> JSONNumber {
    guard let number else {
      throw EncodingError.invalidValue(
        value, EncodingError.Context(codingPath: codingPath, debugDescription: "JSON has no \(value)"))
    }
    return number
  }
}

private struct JSONTreeKeyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: JSONTreeEncoder
  var codingPath: [any CodingKey] { encoder.codingPath }

  private func child(_ key: any CodingKey) -> JSONTreeEncoder {
    encoder.child(encoder.node.member(key.stringValue), key)
  }

  func encodeNil(forKey key: Key) { child(key).node.content = .value(.null) }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try child(key).encodeValue(value) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { child(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { child(JSONKey.super) }
  func superEncoder(forKey key: Key) -> any Encoder { child(key) }
}

private struct JSONTreeUnkeyed: UnkeyedEncodingContainer {
  let encoder: JSONTreeEncoder
  var codingPath: [any CodingKey] { encoder.codingPath }
  var count: Int { encoder.node.count }

  private func child() -> JSONTreeEncoder {
    let key = JSONKey(intValue: count)
    return encoder.child(encoder.node.element(), key)
  }

  func encodeNil() { child().node.content = .value(.null) }
  func encode<Value: Encodable>(_ value: Value) throws { try child().encodeValue(value) }
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    child().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { child().unkeyedContainer() }
  func superEncoder() -> any Encoder { child() }
}

private struct JSONTreeSingle: SingleValueEncodingContainer {
  let encoder: JSONTreeEncoder
  var codingPath: [any CodingKey] { encoder.codingPath }

  func encodeNil() { encoder.node.content = .value(.null) }
  func encode<Value: Encodable>(_ value: Value) throws { try encoder.encodeValue(value) }
}
