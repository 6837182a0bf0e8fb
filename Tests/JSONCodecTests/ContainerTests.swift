// SPDX-License-Identifier: Apache-2.0
import JSONCodec
import Testing

/// Writes to two nested containers by turns.
private struct ByTurns: Encodable {
  enum Keys: String, CodingKey { case left, right, after }
  func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: Keys.self)
    var left = outer.nestedUnkeyedContainer(forKey: .left)
    var right = outer.nestedUnkeyedContainer(forKey: .right)
    for number in 0..<3 {
      try left.encode(number)
      try right.encode(["n": -number])
    }
    try outer.encode(true, forKey: .after)
  }
}

private class Animal: Codable {
  var legs = 4
}

private final class Dog: Animal {
  enum Keys: String, CodingKey { case name }
  var name = "Rex"
  override init() { super.init() }
  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(name, forKey: .name)
    try super.encode(to: container.superEncoder())
  }
  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    name = try container.decode(String.self, forKey: .name)
    try super.init(from: container.superDecoder())
  }
}

/// Encodes its members in two containers of one object, as a subclass without `superEncoder` does.
private struct Flat: Encodable {
  enum Keys: String, CodingKey { case a, b }
  func encode(to encoder: any Encoder) throws {
    var first = encoder.container(keyedBy: Keys.self)
    try first.encode(1, forKey: .a)
    var second = encoder.container(keyedBy: Keys.self)
    try second.encode(2, forKey: .b)
  }
}

private struct Nothing: Codable {}

private struct Nested: Codable, Equatable {
  enum Keys: String, CodingKey { case point, list }
  enum Inner: String, CodingKey { case x, y }
  var x: Int
  var list: [Int]

  init(x: Int, list: [Int]) { (self.x, self.list) = (x, list) }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    x = try container.nestedContainer(keyedBy: Inner.self, forKey: .point).decode(Int.self, forKey: .x)
    var unkeyed = try container.nestedUnkeyedContainer(forKey: .list)
    list = []
    while !unkeyed.isAtEnd {
      if try unkeyed.decodeNil() { continue }
      list.append(try unkeyed.decode(Int.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    var inner = container.nestedContainer(keyedBy: Inner.self, forKey: .point)
    try inner.encode(x, forKey: .x)
    var unkeyed = container.nestedUnkeyedContainer(forKey: .list)
    for number in list { try unkeyed.encode(number) }
  }
}

@Suite struct ContainerTests {
  private func text(_ value: some Encodable) throws -> String {
    String(decoding: try JSON.encode(value), as: UTF8.self)
  }

  @Test func `containers may be written to by turns`() throws {
    #expect(try text(ByTurns()) == #"{"left":[0,1,2],"right":[{"n":0},{"n":-1},{"n":-2}],"after":true}"#)
    #expect(try text([ByTurns(), ByTurns()]).hasPrefix(#"[{"left":[0,1,2]"#))
  }

  @Test func `a superclass has an encoder of its own`() throws {
    let json = try text(Dog())
    #expect(json == #"{"name":"Rex","super":{"legs":4}}"#)
    #expect(try JSON.decode(Dog.self, from: Array(json.utf8)).legs == 4)
  }

  @Test func `two containers of one value are one object`() throws { #expect(try text(Flat()) == #"{"a":1,"b":2}"#) }

  @Test func `a type without members is an empty object`() throws {
    #expect(try text(Nothing()) == "{}")
    #expect(try text([Nothing(), Nothing()]) == "[{},{}]")
    _ = try JSON.decode(Nothing.self, from: Array("{}".utf8))
  }

  @Test func `nested containers are read and written`() throws {
    let value = Nested(x: 1, list: [2, 3])
    #expect(try text(value) == #"{"point":{"x":1},"list":[2,3]}"#)
    #expect(try JSON.decode(Nested.self, from: Array(#"{"list":[2,null,3],"point":{"y":0,"x":1}}"#.utf8)) == value)
  }

  @Test func `a failed element is still the next one`() throws {
    struct Lenient: Decodable {
      var numbers: [Int] = []
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
          if let number = try? list.decode(Int.self) {
            numbers.append(number)
          } else {
            _ = try list.decode(JSONValue.self)
          }
        }
        #expect(throws: DecodingError.self) { try list.decode(Int.self) }
        #expect(list.currentIndex == list.count)
      }
    }
    #expect(try JSON.decode(Lenient.self, from: Array(#"[1,"x",2,{"y":[]},3]"#.utf8)).numbers == [1, 2, 3])
  }
}
