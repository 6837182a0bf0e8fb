// SPDX-License-Identifier: Apache-2.0

import BinaryCoding
import Testing

private struct Record: Codable {
  var name: String
  var numbers: [Int]
  var table: [String: Double]
  var child: [Record]
  var note: String?
}

@Suite struct DamageTests {
  private func message() throws -> [UInt8] {
    let leaf = Record(name: "leaf", numbers: [1, 1000, -5], table: ["a": 1], child: [], note: nil)
    let writer = ValueWriter()
    try writer.write(Record(name: "root", numbers: [], table: [:], child: [leaf, leaf], note: "a note"))
    return writer.bytes
  }

  @Test func `every shorter message is an error`() throws {
    let bytes = try message()
    _ = try ValueReader(bytes).read(Record.self)
    for count in 0..<bytes.count {
      #expect(throws: DecodingError.self) { try ValueReader(Array(bytes[..<count])).read(Record.self) }
    }
  }

  @Test func `no changed byte traps`() throws {
    let bytes = try message()
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = bytes
        damaged[index] = value
        // Some are valid messages of other content.
        _ = try? ValueReader(damaged).read(Record.self)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `no random message traps`(seed: UInt64) throws {
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    let bytes = try message()
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0..<(1 + next() % 8) {
        switch next() % 3 {
        case 0: damaged[Int(next()) % damaged.count] = UInt8(truncatingIfNeeded: next())
        case 1: damaged.remove(at: Int(next()) % damaged.count)
        default: damaged.insert(UInt8(truncatingIfNeeded: next()), at: Int(next()) % damaged.count)
        }
      }
      _ = try? ValueReader(damaged).read(Record.self)
      _ = try? ValueReader(damaged).read([String: [Int]].self)
    }
    for _ in 0..<2000 {
      let noise = (0..<(next() % 40)).map { _ in UInt8(truncatingIfNeeded: next() % 14) }
      _ = try? ValueReader(noise).read(Record.self)
    }
  }

  @Test func `a number that does not fit is an error`() throws {
    let writer = ValueWriter()
    try writer.write(300)
    #expect(throws: DecodingError.self) { try ValueReader(writer.bytes).read(UInt8.self) }
    #expect(throws: DecodingError.self) { try ValueReader(writer.bytes).read(String.self) }
  }

  @Test func `a huge length is an error before anything is allocated`() {
    // Text of 2^63 bytes, in a message of eleven.
    let bytes: [UInt8] = [7] + [UInt8](repeating: 0xff, count: 8) + [0x7f, 0]
    #expect(throws: DecodingError.self) { try ValueReader(bytes).read(String.self) }
  }
}
