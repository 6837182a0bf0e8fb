// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing
import WebSocketCodec

@Suite struct UTF8CheckerTests {
  private func isUTF8(_ bytes: [UInt8]) -> Bool {
    var checker = UTF8Checker()
    return checker.accepts(bytes) && checker.isComplete
  }

  @Test func `agrees with the standard library`() {
    var random = SplitMix64(seed: 7)
    // Bytes at the borders of the ranges, which random bytes rarely meet.
    let borders: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
      0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    for _ in 0..<200_000 {
      let bytes = (0..<Int.random(in: 0...5, using: &random)).map { _ in borders.randomElement(using: &random)! }
      if isUTF8(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { Issue.record("\(bytes)") }
    }
  }

  @Test func `every character is accepted in every split`() {
    for value in stride(from: UInt32(0), through: 0x10FFFF, by: 61) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let bytes = Array(String(Character(scalar)).utf8)
      for cut in 0...bytes.count {
        var checker = UTF8Checker()
        let accepted =
          checker.accepts(Array(bytes[..<cut])) && checker.accepts(Array(bytes[cut...])) && checker.isComplete
        if !accepted { Issue.record("\(scalar)") }
      }
    }
  }

  @Test func `finds a wrong byte behind much ASCII`() {
    for length in 0..<40 {
      #expect(!isUTF8([UInt8](repeating: 0x61, count: length) + [0xFF] + [UInt8](repeating: 0x61, count: 20)))
      #expect(isUTF8([UInt8](repeating: 0x61, count: length) + Array("ä€😀".utf8)))
    }
    #expect(!isUTF8([0xED, 0xA0, 0x80]))
    #expect(!isUTF8([0xF4, 0x90, 0x80, 0x80]))
    #expect(!isUTF8([0xC0, 0xAF]))
  }
}
