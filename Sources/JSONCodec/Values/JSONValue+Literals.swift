// SPDX-License-Identifier: Apache-2.0

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(floatLiteral value: Double) { self = JSONNumber(value).map { .number($0) } ?? .null }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}

extension JSONValue: CustomStringConvertible {
  /// The JSON without spaces.
  public var description: String { String(decoding: bytes, as: UTF8.self) }

  /// The JSON in UTF-8, without spaces.
  public var bytes: [UInt8] {
    let output = ByteOutput()
    write(into: output, options: JSONEncodingOptions())
    return output.bytes
  }

  func write(into output: ByteOutput, options: JSONEncodingOptions) {
    switch self {
    case .null: output.append("null")
    case .bool(let value): output.append(value ? "true" : "false")
    case .number(let number): output.append(text: number.text)
    case .string(let text): output.append(quoted: text)
    case .array(let elements):
      output.append(byte: UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(byte: UInt8(ascii: ",")) }
        element.write(into: output, options: options)
      }
      output.append(byte: UInt8(ascii: "]"))
    case .object(let object):
      output.append(byte: UInt8(ascii: "{"))
      var members = Array(object)
      if options.sortsKeys { members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(byte: UInt8(ascii: ",")) }
        output.append(quoted: member.key)
        output.append(byte: UInt8(ascii: ":"))
        member.value.write(into: output, options: options)
      }
      output.append(byte: UInt8(ascii: "}"))
    }
  }
}

extension JSONValue: Codable {
  /// The value of any decoder's JSON-like data: integers up to 64 bits and doubles with other decoders, exact with
  /// ours.
  public init(from decoder: any Decoder) throws {
    if let own = decoder as? JSONNodeDecoder {
      self = own.document.value(at: own.index)
      return
    }
    if let keyed = try? decoder.container(keyedBy: JSONKey.self) {
      var object = JSONObject()
      for key in keyed.allKeys { object[key.stringValue] = try keyed.decode(JSONValue.self, forKey: key) }
      self = .object(object)
    } else if var unkeyed = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !unkeyed.isAtEnd { elements.append(try unkeyed.decode(JSONValue.self)) }
      self = .array(elements)
    } else {
      let single = try decoder.singleValueContainer()
      if single.decodeNil() {
        self = .null
      } else if let bool = try? single.decode(Bool.self) {
        self = .bool(bool)
      } else if let integer = try? single.decode(Int64.self) {
        self = .number(JSONNumber(integer))
      } else if let double = try? single.decode(Double.self), let number = JSONNumber(double) {
        self = .number(number)
      } else {
        self = .string(try single.decode(String.self))
      }
    }
  }

  /// The value in any encoder's form.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let object):
      var keyed = encoder.container(keyedBy: JSONKey.self)
      for (key, value) in object { try keyed.encode(value, forKey: JSONKey(stringValue: key)) }
    case .array(let elements):
      var unkeyed = encoder.unkeyedContainer()
      for element in elements { try unkeyed.encode(element) }
    case .null:
      var single = encoder.singleValueContainer()
      try single.encodeNil()
    case .bool(let value):
      var single = encoder.singleValueContainer()
      try single.encode(value)
    case .string(let value):
      var single = encoder.singleValueContainer()
      try single.encode(value)
    case .number(let number):
      var single = encoder.singleValueContainer()
      if let integer = number.integer(as: Int64.self) {
        try single.encode(integer)
      } else if let integer = number.integer(as: UInt64.self) {
        try single.encode(integer)
      } else {
        try single.encode(number.double ?? .nan)
      }
    }
  }
}
