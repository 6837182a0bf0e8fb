// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import Testing

@Suite struct ByteRangesTests {
  @Test(
    arguments: [
      ("bytes=0-499", .parts([0..<500])), ("bytes=500-999", .parts([500..<1000])), ("bytes=-500", .parts([500..<1000])),
      ("bytes=9500-", .unsatisfiable), ("bytes=0-0,-1", .parts([0..<1, 999..<1000])),
      ("bytes=-5000", .parts([0..<1000])),
      ("bytes=0-99999999999999999999999", .parts([0..<1000])), ("bytes=0-9,2000-", .parts([0..<10])),
      ("BYTES=0-9", .parts([0..<10])), ("bytes= 0-9 , 20-29 ", .parts([0..<10, 20..<30])),
      ("bytes=,0-9,", .parts([0..<10])),
      ("bytes=900-,0-9", .parts([900..<1000, 0..<10])), ("bytes=-0", .unsatisfiable),
      // Ignored: malformed, another unit, overlapping.
      ("bytes=9-0", .whole), ("bytes=a-b", .whole), ("bytes=", .whole), ("bytes", .whole), ("lines=0-1", .whole),
      ("bytes=0-9,5-20", .whole), ("bytes=1", .whole), ("bytes=--1", .whole), ("bytes=1-2-3", .whole), ("", .whole),
      ("bytes=0-9;1", .whole), ("bytes=+1-2", .whole),
    ] as [(String, ByteRanges)])
  func `reads range fields`(field: String, expected: ByteRanges) {
    #expect(ByteRanges(field: field, length: 1000) == expected)
  }

  @Test func `ignores more than sixteen parts`() {
    let parts = (0..<17).map { "\($0 * 10)-\($0 * 10 + 1)" }
    #expect(ByteRanges(field: "bytes=" + parts.joined(separator: ","), length: 1000) == .whole)
    guard case .parts(let sixteen) = ByteRanges(field: "bytes=" + parts.dropLast().joined(separator: ","), length: 1000)
    else { Issue.record("expected parts"); return }
    #expect(sixteen.count == 16)
  }

  @Test func `nothing of an empty representation can be had`() {
    #expect(ByteRanges(field: "bytes=0-", length: 0) == .unsatisfiable)
    #expect(ByteRanges(field: "bytes=-1", length: 0) == .unsatisfiable)
  }

  @Test func `says which part it is`() { #expect(ByteRanges.contentRange(0..<500, of: 1234) == "bytes 0-499/1234") }

  @Test func `parts are always within the length`() {
    var random = SystemRandomNumberGenerator()
    let letters = Array("bytes=0123456789,-, ;x")
    for _ in 0..<20_000 {
      let tail = String(
        (0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random)! })
      let length = Int.random(in: 0...200, using: &random)
      if case .parts(let parts) = ByteRanges(field: "bytes=" + tail, length: length) {
        #expect(!parts.isEmpty && parts.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= length })
      }
    }
  }
}
