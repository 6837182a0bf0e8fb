// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTP1Codec

struct HTTPFieldsTests {
  @Test func `fields keep their order and are found in any case`() throws {
    var fields: HTTPFields = ["Accept": "a", "X": "1"]
    try fields.append("ACCEPT", " \tb ")
    #expect(fields.map(\.name) == ["Accept", "X", "ACCEPT"] && fields.map(\.value) == ["a", "1", "b"])
    #expect(fields["accept"] == "a" && fields.values(of: "accept") == ["a", "b"])
    #expect(fields.contains("x") && !fields.contains("y") && fields.firstIndex(of: "x") == 1)
  }

  @Test func `set puts one line where the first was`() throws {
    var fields: HTTPFields = ["a": "1", "b": "2", "A": "3"]
    try fields.set("b", to: "4")
    try fields.set("a", to: "5")
    try fields.set("c", to: "6")
    #expect(fields.map { "\($0.name)=\($0.value)" } == ["a=5", "b=4", "c=6"])
    #expect(throws: HTTP1Error.self) { try fields.set("a", to: "\n") }
    #expect(fields["a"] == "5" && fields.count == 3)
  }

  @Test func `removeAll removes every line of that name`() {
    var fields: HTTPFields = ["a": "1", "b": "2", "A": "3"]
    fields.removeAll("A")
    #expect(fields == ["B": "2"])
  }

  @Test func `equality ignores the case of names and nothing else`() {
    let fields: HTTPFields = ["a": "1", "b": "2"]
    #expect(fields == ["A": "1", "B": "2"])
    #expect(fields != ["a": "1"])
    #expect(fields != ["b": "2", "a": "1"])
    #expect(fields != ["a": "1", "b": "3"])
  }

  @Test(arguments: [
    ("", "a", HTTP1Error.Kind.emptyFieldName), ("a b", "c", .invalidFieldName), ("a:", "c", .invalidFieldName),
    ("a", "b\r\nc: d", .bareCR), ("a", "b\nc", .bareLF), ("a", "\u{0}", .nulInFieldValue),
    ("a", "b\u{7F}", .controlCharacterInFieldValue),
  ])
  func `a name or value that is not allowed is not appended`(name: String, value: String, kind: HTTP1Error.Kind) {
    var fields: HTTPFields = ["k": "v"]
    let error = #expect(throws: HTTP1Error.self) { try fields.append(name, value) }
    #expect(error?.kind == kind && error?.message == .fields)
    #expect(fields == ["k": "v"])
  }

  @Test func `elements of a list are found across lines and commas`() {
    let fields: HTTPFields = ["connection": "a, Upgrade ,b", "Connection": "close"]
    for element in ["a", "upgrade", "b", "CLOSE"] { #expect(fields.contains(element: element, in: "Connection")) }
    for element in ["c", "upgrad", "a, Upgrade"] { #expect(!fields.contains(element: element, in: "connection")) }
  }

  @Test func `every control character is found at every place of a value`() {
    for length in 1...20 {
      for place in 0..<length {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: 0x61, count: length)
          bytes[place] = byte
          let found = bytes.withUnsafeBytes { FieldSyntax.firstControlCharacter(in: $0, 0..<length) }
          let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
          if found != (isControl ? place : nil) {
            Issue.record("byte \(byte) at \(place) of \(length): found \(String(describing: found))")
          }
        }
      }
    }
  }

  @Test func `the character classes are those of the grammars`() {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    let name = letters + "-._~" + "!$&'()*+,;="
    let classes: [(ByteSet, String)] = [
      (.token, letters + "!#$%&'*+-.^_`|~"), (.registeredName, name), (.path, name + ":@/"), (.query, name + ":@/?"),
      (.scheme, letters + "+-."),
    ]
    for (set, characters) in classes {
      let expected = Set(characters.utf8)
      for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == expected.contains(byte), "\(byte)") }
    }
  }
}
