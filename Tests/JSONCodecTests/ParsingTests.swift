// SPDX-License-Identifier: Apache-2.0
import JSONCodec
import TestSupport
import Testing

private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

@Suite struct ParsingTests {
  @Test(arguments: [
    "0", "-0", "1", "-1", "0.1", "1e5", "1E+5", "1e-5", "123.456e78", "1E400", "-123123123123123123123123123123",
    "\"\"", "\"a\"", "\"\\u0061\\n\\\"\\\\\\/\"", "\"\\uD834\\uDD1E\"", "\"\u{7F}\"", "\"ü€😀\"", "\"\\u0000\"",
    "[]", "[1]", "[ 1 , 2 ]", "{}", "{\"a\":1}", "{ \"a\" : [ { } ] }", "{\"\":0}", "true", "false", "null",
    " \t\r\n null \t\r\n ", "{\"a\":1,\"a\":2}", "[[[[[[]]]]]]", "\"\\uFFFF\"",
  ])
  func `accepts what RFC 8259 has`(text: String) throws { _ = try parse(text) }

  @Test(arguments: [
    "", " ", "+1", "01", "-", "-a", "1.", ".1", "1e", "1e+", "0x1", "1_0", "NaN", "Infinity", "-Infinity", "00", "-01",
    "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD834\"", "\"\\uD834\\u0041\"", "\"\\uDD1E\"",
    "\"\\uD834x\"", "\"\t\"", "\"\n\"", "\"\u{0}\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"",
    "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "tru", "True", "nul", "nulll", "true false", "1 2", "[]]", "{}}", "// a", "[1]//", "\u{FEFF}1", "'a'", "a", "[1}",
    "{\"a\":1]",
  ])
  func `refuses everything else`(text: String) { #expect(throws: JSONError.self) { try parse(text) } }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x22], [0x22, 0x80, 0x22], [0xFF], [0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22],
    ] as [[UInt8]])
  func `refuses strings that are not UTF-8`(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
  }

  @Test func `says where a fault is`() {
    #expect { try parse("{\n  \"a\": 1,\n  \"b\" 2\n}") } throws: {
      guard let error = $0 as? JSONError else { return false }
      return error.line == 3 && error.column == 7
        && error.description == "JSON, line 3, column 7: \"2\" can't stand here"
    }
    #expect { try parse("[1,") } throws: { "\($0)" == "JSON, line 1, column 4: the bytes end before the value does" }
    #expect { try parse("[1]x") } throws: { "\($0)" == "JSON, line 1, column 4: something follows the value" }
  }

  @Test func `limits the depth`() throws {
    let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    _ = try parse(deep)
    #expect(throws: JSONError.self) { try parse("[" + deep + "]") }
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test func `finds keys that are there twice`() throws {
    var strict = JSONDecodingOptions()
    strict.duplicateKeys = .error
    let many = (0..<100).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    for text in [
      #"{"a":1,"a":2}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#, "{\(many),\"k7\":1}",
      #"[{"x":{"":1,"":2}}]"#,
    ] {
      #expect(throws: JSONError.self, "\(text)") { try JSONValue(parsing: Array(text.utf8), options: strict) }
      _ = try parse(text)
    }
    for text in [
      #"{"a":1,"b":2,"c":3,"ab":4,"ba":5,"aa":6}"#, "{\(many)}", #"{"a":{"a":{"a":1}}}"#,
      "{\"\u{E9}\":1,\"e\u{301}\":2}",
    ] {
      _ = try JSONValue(parsing: Array(text.utf8), options: strict)
    }
    #expect(try parse(#"{"a":1,"b":2,"a":3}"#)["a"] == 1)
  }

  @Test func `every cut of a document is refused`() throws {
    let text = Array(#"{"a":[1,2.5e3,"x\u00e9y",true,null],"b":{"c":"ü"}}"#.utf8)
    for count in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<count])) }
    }
  }

  @Test func `keys compare by code points`() throws {
    let value = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value.object?.count == 2)
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
  }

  @Test func `random bytes never do harm`() {
    var random = SplitMix64(seed: 3)
    let letters = Array("{}[]\",:0123456789.eE+-truefalsn \\u\u{1}ü".utf8)
    for _ in 0..<200_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random)! }
      guard let value = try? JSONValue(parsing: bytes) else { continue }
      let again = try? JSONValue(parsing: value.bytes)
      if again != value { Issue.record("\(String(decoding: bytes, as: UTF8.self))") }
    }
  }
}
