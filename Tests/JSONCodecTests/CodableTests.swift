// SPDX-License-Identifier: Apache-2.0
import Foundation
import JSONCodec
import TestSupport
import Testing

struct Item: Codable, Equatable {
  enum Color: String, Codable { case red, green }
  var id: Int
  var name: String
  var price: Double
  var tags: [String]
  var color: Color?
  var parent: [String: Int]?
  var flag: Bool
}

enum Shape: Codable, Equatable {
  case circle(radius: Double)
  case named(String, Int)
  case empty
}

final class Base: Codable {
  var a = 1
}

struct Matrix: Codable, Equatable { var rows: [[Float]]; var more: [Item?] }

private func text(_ value: some Encodable, sorted: Bool = false) throws -> String {
  String(decoding: try JSON.encode(value, options: JSONEncodingOptions(sortsKeys: sorted)), as: UTF8.self)
}

private let item = Item(
  id: 7, name: "Grüße \"\\\n\u{1}😀", price: 12.5, tags: ["a", "b"], color: .green, parent: ["x": 1], flag: true)

@Suite struct CodableTests {
  @Test func `encodes in the order of the members`() throws {
    #expect(
      try text(item)
        == #"{"id":7,"name":"Grüße \"\\\n\u0001😀","price":12.5,"tags":["a","b"],"color":"green","parent":{"x":1},"flag":true}"#
    )
    #expect(try text(item, sorted: true).hasPrefix(#"{"color":"green","flag":true,"id":7,"#))
    #expect(try text([String: Int]()) == "{}")
    #expect(try text([Int]()) == "[]")
    #expect(try text(Optional<Int>.none) == "null")
    #expect(try text([1, nil, 3]) == "[1,null,3]")
    #expect(
      try text([1.0, 0.1, -2.5, 1e300, 1e-300, 100_000_000_000_000_000_000]) == "[1,0.1,-2.5,1e+300,1e-300,1e+20]")
    #expect(try text([Int64.min, Int64.max]) == "[-9223372036854775808,9223372036854775807]")
    #expect(try text(UInt64.max) == "18446744073709551615")
    #expect(try text(Int128.max) == "170141183460469231731687303715884105727")
  }

  @Test func `what is encoded is decoded`() throws {
    #expect(try JSON.decode(Item.self, from: JSON.encode(item)) == item)
    let shapes: [Shape] = [.circle(radius: 2), .named("x", 3), .empty]
    #expect(try JSON.decode([Shape].self, from: JSON.encode(shapes)) == shapes)
    let matrix = Matrix(rows: [[1, 2.5], [], [0.1]], more: [item, nil])
    #expect(try JSON.decode(Matrix.self, from: JSON.encode(matrix)) == matrix)
    #expect(try JSON.decode(Matrix.self, from: JSON.encode(matrix, options: .init(sortsKeys: true))) == matrix)
    let map = Dictionary(uniqueKeysWithValues: (0..<1000).map { ("key\($0)", $0) })
    #expect(try JSON.decode([String: Int].self, from: JSON.encode(map)) == map)
    #expect(try JSON.decode([Int: String].self, from: Array(#"{"1":"a"}"#.utf8)) == [1: "a"])
  }

  @Test func `keys may come in any order, with others between`() throws {
    let bytes = Array(
      #"{"x":{"id":1},"flag":false,"tags":[],"y":[1,{"z":2}],"price":1,"n\u0061me":"n","id":5,"color":null}"#.utf8)
    #expect(
      try JSON.decode(Item.self, from: bytes)
        == Item(id: 5, name: "n", price: 1, tags: [], color: nil, parent: nil, flag: false))
  }

  /// Both decode the same values, and refuse the same.
  @Test(arguments: [
    "1", "-1", "1.0", "1.5", "1e2", "1e400", "300", "-300", "true", "\"1\"", "null", "[]", "{}", "18446744073709551615",
    "9223372036854775808", "0.1", "-0", "-0.0", "123456789012345678901234567890",
  ])
  func `numbers are those of Foundation`(text: String) {
    func check<Value: Codable & Equatable>(_ type: Value.Type) {
      let wrapped = "[\(text)]"
      let theirs = try? JSONDecoder().decode([Value].self, from: Data(wrapped.utf8))
      let ours = try? JSON.decode([Value].self, from: Array(wrapped.utf8))
      #expect(ours == theirs, "\(type) from \(text)")
    }
    check(Int.self)
    check(Int8.self)
    check(UInt8.self)
    check(UInt64.self)
    check(Double.self)
    check(Bool.self)
    check(String.self)
    check(Optional<Int>.self)
  }

  @Test func `doubles round as the standard library does`() throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<50_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let bytes = try JSON.encode([value])
      if try JSON.decode([Double].self, from: bytes) != [value] { Issue.record("\(value)") }
    }
    for _ in 0..<50_000 {
      let digits = String(UInt64.random(in: 0...UInt64(1) << UInt64.random(in: 1...63, using: &random), using: &random))
      let written =
        "\(digits).\(UInt32.random(in: 0...99_999, using: &random))e\(Int.random(in: -30...30, using: &random))"
      if try JSON.decode([Double].self, from: Array("[\(written)]".utf8)) != [Double(written)!] {
        Issue.record("\(written)")
      }
    }
  }

  @Test func `Foundation reads what is written`() throws {
    let theirs = try JSONDecoder().decode(Item.self, from: Data(JSON.encode(item)))
    #expect(theirs == item)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    #expect(try String(decoding: encoder.encode(item), as: UTF8.self) == text(item, sorted: true))
  }

  @Test func `errors name the way and what was found`() {
    func message(_ json: String) -> String {
      do {
        _ = try JSON.decode(Matrix.self, from: Array(json.utf8))
        return "none"
      } catch let error as DecodingError {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
          .dataCorrupted(let context):
          return context.codingPath.map(\.stringValue).joined(separator: ".") + ": " + context.debugDescription
        @unknown default: return "?"
        }
      } catch { return "\(error)" }
    }
    #expect(message(#"{"rows":[[1],["x"]],"more":[]}"#) == "rows.Index 1.Index 0: expected Float, found a string")
    #expect(message(#"{"rows":[]}"#) == ": the key \"more\" is missing")
    #expect(message(#"{"rows":[null],"more":[]}"#) == "rows.Index 0: expected Array<Any>, found null")
    #expect(
      message(#"{"rows":[],"more":[null,{"id":1.5}]}"#) == "more.Index 1.id: the number 1.5 is not a value of Int")
    #expect(
      message(#"{"rows":[],"more":[{"id":1,"name":"","price":"2"}]}"#)
        == "more.Index 0.price: expected Double, found a string")
  }

  @Test func `what JSON does not have is an error with its way`() {
    #expect { try JSON.encode(["a": [1, Double.nan]]) } throws: {
      guard case EncodingError.invalidValue(_, let context) = $0 else { return false }
      return context.codingPath.map(\.stringValue) == ["a", "Index 1"]
    }
    #expect(throws: EncodingError.self) { try JSON.encode(Float.infinity) }
    #expect(throws: EncodingError.self) { try JSON.encode([Double.infinity], options: .init(sortsKeys: true)) }
  }

  @Test func `a failed encode appends nothing`() {
    var bytes: [UInt8] = [1, 2]
    #expect(throws: EncodingError.self) { try JSON.encode(["a": Double.nan], into: &bytes) }
    #expect(bytes == [1, 2])
  }

  @Test func `unknown shapes keep their numbers and their order`() throws {
    let json = #"{"z":1.10,"a":[12345678901234567890123,-0,true,null,"x"],"m":{}}"#
    let value = try JSON.decode(JSONValue.self, from: Array(json.utf8))
    #expect(value.description == json)
    #expect(try text(value) == json)
    #expect(try text(["v": value]) == "{\"v\":\(json)}")
    #expect(value["a"]?[0]?.double == 1.2345678901234568e22)
    #expect(value["z"]?.double == 1.1)
    #expect(value["a"]?[0]?.int == nil)
    #expect(
      try JSONEncoder().encode(JSONValue.array([1, 2.5, nil, true, "x", ["k": 1]]))
        == Data(#"[1,2.5,null,true,"x",{"k":1}]"#.utf8))
  }
}
