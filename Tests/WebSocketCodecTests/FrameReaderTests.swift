// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import WebSocketCodec

/// What a reader said, without the borders between pieces of data.
enum Said: Hashable {
  case message(WebSocketMessageKind, [UInt8], isCompressed: Bool)
  case ping([UInt8])
  case pong([UInt8])
  case close(WebSocketClose)
  case failed(WebSocketError.Kind)
}

func read(
  _ bytes: [UInt8], as role: WebSocketRole = .client, limits: WebSocketLimits = WebSocketLimits(),
  compression: Bool = false,
  splitAt splits: [Int] = [], finishes: Bool = false
) -> [Said] {
  var reader = WebSocketFrameReader(role: role, limits: limits, allowsCompression: compression)
  var said: [Said] = []
  var message: (WebSocketMessageKind, [UInt8], Bool)?
  let borders = [0] + splits.sorted() + [bytes.count]
  do throws(WebSocketError) {
    for (from, to) in zip(borders, borders.dropFirst()) where from < to {
      var piece = Array(bytes[from..<to])
      var offset = 0
      while let event = try reader.next(in: &piece, at: &offset) {
        switch event {
        case .begin(let kind, let isCompressed): message = (kind, [], isCompressed)
        case .data(let range): message?.1 += piece[range]
        case .end:
          said.append(.message(message!.0, message!.1, isCompressed: message!.2))
          message = nil
        case .ping(let data): said.append(.ping(data))
        case .pong(let data): said.append(.pong(data))
        case .close(let close): said.append(.close(close))
        }
      }
    }
    if finishes { try reader.finish() }
  } catch { said.append(.failed(error.kind)) }
  return said
}

let hello = Array("Hello".utf8)

@Suite struct FrameReaderTests {
  /// The examples of RFC 6455 section 5.7.
  @Test func `reads the examples of the RFC`() {
    let text = Said.message(.text, hello, isCompressed: false)
    #expect(read([0x81, 0x05] + hello) == [text])
    #expect(read([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], as: .server) == [text])
    #expect(read([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F]) == [text])
    #expect(read([0x89, 0x05] + hello) == [.ping(hello)])
    #expect(read([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], as: .server) == [.pong(hello)])
    let small = [UInt8](repeating: 7, count: 256)
    #expect(read([0x82, 0x7E, 0x01, 0x00] + small) == [.message(.binary, small, isCompressed: false)])
    let large = [UInt8](repeating: 7, count: 65_536)
    #expect(read([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + large) == [.message(.binary, large, isCompressed: false)])
  }

  @Test(
    arguments: [
      ([0xC1, 0x00], .reservedBits), ([0xA1, 0x00], .reservedBits), ([0x91, 0x00], .reservedBits),
      ([0x83, 0x00], .unknownOpcode), ([0x87, 0x00], .unknownOpcode), ([0x8B, 0x00], .unknownOpcode),
      ([0x8F, 0x00], .unknownOpcode),
      ([0x09, 0x00], .fragmentedControl), ([0x08, 0x00], .fragmentedControl),
      ([0x89, 0x7E, 0x00, 0x7E], .controlTooLong), ([0x88, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0], .controlTooLong),
      ([0x81, 0x80, 0, 0, 0, 0], .masked), ([0x81, 0x7E, 0x00, 0x7D], .lengthNotMinimal),
      ([0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .lengthNotMinimal),
      ([0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], .lengthTooLarge),
      ([0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .messageTooBig),
      ([0x80, 0x00], .unexpectedContinuation), ([0x00, 0x00], .unexpectedContinuation),
      ([0x01, 0x00, 0x81, 0x00], .unfinishedMessage), ([0x02, 0x00, 0x02, 0x00], .unfinishedMessage),
      ([0x88, 0x01, 0x03], .invalidCloseLength), ([0x88, 0x03, 0x03, 0xE8, 0xFF], .invalidUTF8),
      ([0x81, 0x01, 0xFF], .invalidUTF8), ([0x81, 0x01, 0xC3], .invalidUTF8), ([0x01, 0x02, 0xED, 0xA0], .invalidUTF8),
    ] as [([UInt8], WebSocketError.Kind)])
  func `refuses what breaks the protocol`(bytes: [UInt8], kind: WebSocketError.Kind) {
    #expect(read(bytes).last == .failed(kind))
    #expect(read(bytes, splitAt: Array(1..<bytes.count)).last == .failed(kind))
  }

  @Test func `a client's frame must be masked`() { #expect(read([0x81, 0x00], as: .server) == [.failed(.notMasked)]) }

  @Test(
    arguments: Array(UInt16(0)...UInt16(5000)).filter { $0 < 20 || 990...1020 ~= $0 || 2990...3010 ~= $0 || $0 > 4990 })
  func `close codes are those of the registry`(code: UInt16) {
    let allowed =
      [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].contains(code) || 3000...4999 ~= code
    let said = read([0x88, 0x02, UInt8(code >> 8), UInt8(truncatingIfNeeded: code)])
    #expect(
      said == (allowed ? [.close(WebSocketClose(WebSocketCloseCode(rawValue: code)))] : [.failed(.invalidCloseCode)]))
  }

  @Test func `ignores what follows a close`() {
    #expect(read([0x88, 0x00, 0xFF, 0xFF, 0xFF]) == [.close(WebSocketClose(.noStatusReceived))])
  }

  @Test func `control frames come within messages`() {
    #expect(
      read([0x01, 0x01, 0x61, 0x89, 0x01, 0x70, 0x80, 0x01, 0x62])
        == [.ping([0x70]), .message(.text, [0x61, 0x62], isCompressed: false)])
  }

  @Test func `a character may be split over fragments`() {
    #expect(read([0x01, 0x01, 0xC3, 0x80, 0x01, 0xA4]) == [.message(.text, [0xC3, 0xA4], isCompressed: false)])
    #expect(read([0x01, 0x01, 0xC3, 0x80, 0x01, 0x41]) == [.failed(.invalidUTF8)])
    #expect(read([0x01, 0x01, 0xC3, 0x80, 0x00]) == [.failed(.invalidUTF8)])
  }

  @Test func `fails at the first wrong byte not at the end`() {
    var reader = WebSocketFrameReader(role: .client)
    var bytes: [UInt8] = [0x01, 0x7D, 0x61, 0xFF]
    var offset = 0
    #expect(throws: WebSocketError(.invalidUTF8)) { while try reader.next(in: &bytes, at: &offset) != nil {} }
  }

  @Test func `compressed messages need the extension`() {
    #expect(read([0xC1, 0x01, 0xFF], compression: true) == [.message(.text, [0xFF], isCompressed: true)])
    #expect(read([0x41, 0x00, 0xC0, 0x00], compression: true) == [.failed(.reservedBits)])
    #expect(read([0xC9, 0x00], compression: true) == [.failed(.reservedBits)])
    #expect(read([0xA1, 0x00], compression: true) == [.failed(.reservedBits)])
  }

  @Test func `a message is limited over its fragments`() {
    var limits = WebSocketLimits()
    limits.maximumMessageSize = 4
    #expect(
      read([0x02, 0x03, 1, 2, 3, 0x80, 0x01, 4], limits: limits) == [
        .message(.binary, [1, 2, 3, 4], isCompressed: false)
      ])
    #expect(read([0x02, 0x03, 1, 2, 3, 0x80, 0x02, 4, 5], limits: limits) == [.failed(.messageTooBig)])
    limits.maximumMessageSize = nil
    #expect(read([0x02, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], limits: limits) == [])
  }

  @Test func `frames with nothing in them are counted`() {
    var limits = WebSocketLimits()
    limits.maximumEmptyFrames = 3
    let pings = Array([[UInt8]](repeating: [0x89, 0x00], count: 4).joined())
    #expect(read(pings, limits: limits).last == .failed(.tooManyEmptyFrames))
    #expect(
      read([0x01, 0x00] + Array([[UInt8]](repeating: [0x00, 0x00], count: 3).joined()), limits: limits) == [
        .failed(.tooManyEmptyFrames)
      ])
    let between = Array([[UInt8]](repeating: [0x89, 0x00, 0x89, 0x00, 0x81, 0x01, 0x61], count: 50).joined())
    #expect(!read(between, limits: limits).contains(.failed(.tooManyEmptyFrames)))
  }

  @Test func `say what was cut off`() {
    #expect(read([0x81], finishes: true) == [.failed(.endedInsideMessage)])
    #expect(read([0x01, 0x00], finishes: true) == [.failed(.endedInsideMessage)])
    #expect(read([0x81, 0x00], finishes: true) == [.message(.text, [], isCompressed: false)])
    #expect(read([], finishes: true) == [])
  }

  /// Random frames, valid and not, split at random: every split says the same.
  @Test func `splits change nothing`() {
    var random = SplitMix64(seed: 42)
    for _ in 0..<100_000 {
      let bytes = randomFrames(&random)
      let role: WebSocketRole = Bool.random(using: &random) ? .client : .server
      let whole = read(bytes, as: role, compression: true, finishes: true)
      let splits = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        Int.random(in: 0...bytes.count, using: &random)
      }
      let split = read(bytes, as: role, compression: true, splitAt: splits, finishes: true)
      if whole != split { Issue.record("\(bytes) split at \(splits): \(whole) and \(split)") }
    }
  }

  private func randomFrames(_ random: inout SplitMix64) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let opcode = [0x0, 0x1, 0x2, 0x8, 0x9, 0xA, 0x3].randomElement(using: &random)! as UInt8
      let masked = Bool.random(using: &random)
      let count = Int.random(in: 0...9, using: &random)
      bytes.append(
        (Bool.random(using: &random) ? 0x80 : 0) | (Int.random(in: 0..<8, using: &random) == 0 ? 0x40 : 0) | opcode)
      bytes.append((masked ? 0x80 : 0) | UInt8(count))
      if masked { bytes += [1, 2, 3, 4] }
      for _ in 0..<count {
        bytes.append(UInt8.random(in: 0...255, using: &random) & (Bool.random(using: &random) ? 0x7F : 0xFF))
      }
    }
    return bytes
  }
}
