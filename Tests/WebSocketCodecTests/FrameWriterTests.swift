// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCodec

@Suite struct FrameWriterTests {
  @Test func `writes the examples of the RFC`() throws {
    var server = WebSocketFrameWriter(role: .server)
    var bytes: [UInt8] = []
    try server.message(.text, hello, into: &bytes)
    #expect(bytes == [0x81, 0x05] + hello)
    var client = WebSocketFrameWriter(maskedBy: { 0x3D21_FA37 })
    bytes = []
    try client.message(.text, hello, into: &bytes)
    #expect(bytes == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    bytes = []
    try server.begin(.text, Array("Hel".utf8), into: &bytes)
    try server.ping([], into: &bytes)
    try server.continue(Array("lo".utf8), isLast: true, into: &bytes)
    #expect(bytes == [0x01, 0x03, 0x48, 0x65, 0x6C, 0x89, 0x00, 0x80, 0x02, 0x6C, 0x6F])
  }

  @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_001])
  func `what is written is read`(count: Int) throws {
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for role in [WebSocketRole.client, .server] {
      var writer =
        role == .client ? WebSocketFrameWriter(maskedBy: { 0x0403_0201 }) : WebSocketFrameWriter(role: .server)
      var bytes: [UInt8] = []
      try writer.message(.binary, data, into: &bytes)
      let other: WebSocketRole = role == .client ? .server : .client
      for splits in [
        [], [1], [2, 3, 5, 8, 13].filter { $0 < bytes.count },
        Array(stride(from: 1, to: bytes.count, by: max(1, bytes.count / 97))),
      ] {
        #expect(read(bytes, as: other, splitAt: splits) == [.message(.binary, data, isCompressed: false)])
      }
    }
  }

  @Test func `refuses misuse`() throws {
    var writer = WebSocketFrameWriter(role: .server)
    var bytes: [UInt8] = []
    #expect(throws: WebSocketFrameWriter.Misuse.controlTooLong) {
      try writer.ping([UInt8](repeating: 0, count: 126), into: &bytes)
    }
    #expect(throws: WebSocketFrameWriter.Misuse.wrongOrder) { try writer.continue([1], isLast: true, into: &bytes) }
    #expect(throws: WebSocketFrameWriter.Misuse.invalidCloseCode) {
      try writer.close(WebSocketClose(.abnormalClosure), into: &bytes)
    }
    let long = WebSocketClose(.normal, reason: String(repeating: "x", count: 124))
    #expect(throws: WebSocketFrameWriter.Misuse.controlTooLong) { try writer.close(long, into: &bytes) }
    #expect(bytes.isEmpty && !writer.isClosed)
    try writer.begin(.text, [], into: &bytes)
    #expect(throws: WebSocketFrameWriter.Misuse.wrongOrder) { try writer.message(.text, [], into: &bytes) }
    try writer.close(WebSocketClose(.goingAway, reason: "bye"), into: &bytes)
    #expect(read(Array(bytes[2...])) == [.close(WebSocketClose(.goingAway, reason: "bye"))])
    let count = bytes.count
    #expect(throws: WebSocketFrameWriter.Misuse.closed) { try writer.pong([], into: &bytes) }
    #expect(throws: WebSocketFrameWriter.Misuse.closed) { try writer.continue([], isLast: true, into: &bytes) }
    #expect(bytes.count == count)
  }

  /// Every phase of the key, every length up to 40, at every offset of memory.
  @Test func `masks in any pieces`() {
    let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
    for length in 0...40 {
      for cut in 0...length {
        for shift in 0..<8 {
          let data = (0..<length).map { UInt8($0) }
          var memory = [UInt8](repeating: 0, count: shift) + data
          var mask = WebSocketMask((key[0], key[1], key[2], key[3]))
          memory.withUnsafeMutableBytes { bytes in
            mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes[shift..<shift + cut]))
            mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes[(shift + cut)...]))
          }
          let expected = data.enumerated().map { $0.element ^ key[$0.offset % 4] }
          if Array(memory[shift...]) != expected { Issue.record("length \(length), cut \(cut), shift \(shift)") }
        }
      }
    }
  }
}
