// SPDX-License-Identifier: Apache-2.0

import BinaryCoding
import Testing

private struct Point: Codable, Equatable {
  var x: Int
  var y: Double
}

private enum Shape: Codable, Equatable {
  case nothing
  case circle(center: Point, radius: Double)
  indirect case both(Shape, Shape)
}

private struct Everything: Codable, Equatable {
  var flag = true
  var text = "Grüße 🎈"
  var small: Int8 = -128
  var number = Int.min
  var big = UInt64.max
  var huge = Int128.min
  var most = UInt128.max
  var half: Float = -0.5
  var double = Double.infinity
  var nothing: Int?
  var something: Int? = 3
  var list = [[1, 2], [], [3]]
  var points = [Point(x: 1, y: 2)]
  var table = ["a": Point(x: 3, y: 4), "b": Point(x: 5, y: 6)]
  var numbers: [Int: String] = [1: "one", -1: "minus one"]
  var shapes: [Shape] = [.nothing, .both(.nothing, .circle(center: Point(x: 1, y: 1), radius: 2))]
  var bytes: [UInt8] = [0, 255, 11]
  var words: Set<String> = ["x"]
  var range = 3..<7
}

/// Reads its keys in another order than it writes them, and skips one.
private struct Crossed: Codable, Equatable {
  var first: [Point]
  var second: String
  var third: Int

  enum Key: String, CodingKey { case first, second, third, unread }

  init(first: [Point], second: String, third: Int) { (self.first, self.second, self.third) = (first, second, third) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(first, forKey: .first)
    try container.encode(Point(x: 9, y: 9), forKey: .unread)
    try container.encode(second, forKey: .second)
    try container.encode(third, forKey: .third)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    third = try container.decode(Int.self, forKey: .third)
    first = try container.decode([Point].self, forKey: .first)
    second = try container.decode(String.self, forKey: .second)
  }
}

private class Animal: Codable {
  var legs = 4
}

private final class Dog: Animal {
  var name = ""

  enum Key: CodingKey { case name }

  override init() { super.init() }

  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    name = try container.decode(String.self, forKey: .name)
    try super.init(from: container.superDecoder())
  }

  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try super.encode(to: container.superEncoder())
  }
}

private struct Hollow: Codable, Equatable {}

private func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
  let writer = ValueWriter()
  try writer.write(value)
  let reader = ValueReader(writer.bytes)
  let result = try reader.read(Value.self)
  #expect(reader.isAtEnd)
  return result
}

@Suite struct RoundTripTests {
  @Test func `everything comes back`() throws {
    #expect(try roundTrip(Everything()) == Everything())
    #expect(try roundTrip([Everything(), Everything()]) == [Everything(), Everything()])
    #expect(try roundTrip(Hollow()) == Hollow())
    #expect(try roundTrip([Hollow(), Hollow()]) == [Hollow(), Hollow()])
    #expect(try roundTrip(Int?.none) == nil)
    #expect(try roundTrip([Int?.none, 5]) == [nil, 5])
  }

  @Test func `integers of every size come back`() throws {
    for shift in 0..<64 {
      for offset in -2...2 {
        let number = (1 &<< shift) &+ offset
        #expect(try roundTrip(number) == number)
        #expect(try roundTrip(-1 &* number) == -1 &* number)
        #expect(try roundTrip(UInt(bitPattern: number)) == UInt(bitPattern: number))
      }
    }
  }

  @Test func `keys are read in any order`() throws {
    let value = Crossed(first: [Point(x: 1, y: 2), Point(x: 3, y: 4)], second: "two", third: 3)
    #expect(try roundTrip([value, value, value]) == [value, value, value])
  }

  @Test func `classes have their superclasses`() throws {
    let dog = Dog()
    dog.name = "Rex"
    dog.legs = 3
    let back = try roundTrip(dog)
    #expect(back.name == "Rex")
    #expect(back.legs == 3)
  }

  @Test func `several values are one message`() throws {
    let writer = ValueWriter()
    for number in 0..<100 { try writer.write(Point(x: number, y: 0)) }
    // Each name is there once: a point takes fourteen bytes after the first.
    #expect(writer.bytes.count <= 100 * 14 + 4)
    let reader = ValueReader(writer.bytes)
    for number in 0..<100 { #expect(try reader.read(Point.self).x == number) }
    #expect(reader.isAtEnd)
  }

  @Test func `containers are not mixed`() {
    struct Mixed: Encodable {
      func encode(to encoder: any Encoder) throws {
        var outer = encoder.unkeyedContainer()
        var first = outer.nestedUnkeyedContainer()
        try first.encode(1)
        try outer.encode(2)
        try first.encode(3)
      }
    }
    #expect(throws: EncodingError.self) { try ValueWriter().write(Mixed()) }
  }

  @Test func `a limit is an error`() throws {
    #expect(throws: EncodingError.self) {
      let writer = ValueWriter(limit: 100)
      for _ in 0..<100 { try writer.write("text") }
    }
  }

  @Test func `deep values are errors`() throws {
    var shape = Shape.nothing
    for _ in 0..<1000 { shape = .both(shape, .nothing) }
    #expect(throws: EncodingError.self) { try ValueWriter().write(shape) }
    // Lists in lists, as bytes.
    #expect(throws: DecodingError.self) {
      try ValueReader([UInt8](repeating: 9, count: 100_000)).read(Hollow.self)
    }
  }
}
