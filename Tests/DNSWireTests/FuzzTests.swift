// SPDX-License-Identifier: Apache-2.0
import DNSWire
import TestSupport
import Testing

/// Damaged messages: never a crash, and every message read is equal after it is written and read again.
struct FuzzTests {
  static let cases = 60_000

  /// Damages one of the messages in one to three places.
  private static func mutate(_ corpus: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = corpus[random.below(corpus.count)]
    for _ in 0...random.below(3) {
      let position = random.below(bytes.count + 1)
      let length = min(random.below(12), bytes.count - position)
      switch random.below(8) {
      case 0 where position < bytes.count: bytes[position] = UInt8(random.below(256))
      case 1 where position < bytes.count: bytes[position] ^= UInt8(1 << random.below(8))
      case 2: bytes.insert(UInt8(random.below(256)), at: position)
      case 3: bytes.removeSubrange(position..<position + length)
      case 4: bytes.insert(contentsOf: bytes[position..<position + length], at: random.below(bytes.count + 1))
      case 5: bytes.removeSubrange(position...)
      case 6 where position + 1 < bytes.count:
        // A pointer to anywhere.
        bytes[position] = 0xc0 | UInt8(random.below(2))
        bytes[position + 1] = UInt8(random.below(256))
      default: bytes.replaceSubrange(position..., with: corpus[random.below(corpus.count)].dropFirst(position))
      }
    }
    return bytes
  }

  @Test func `damaged messages are errors or messages that can be written again`() throws {
    var random = SplitMix64(seed: 0x5EED)
    let corpus = try Corpus.messages.map { try $0.encoded() }
    var read = 0
    for number in 0..<Self.cases {
      let bytes = Self.mutate(corpus, &random)
      guard let message = try? DNSMessage(decoding: bytes) else { continue }
      read += 1
      let again = try DNSMessage(decoding: message.encoded())
      guard again == message else {
        Issue.record("case \(number): \(bytes) was read as \(message), and that as \(again)")
        return
      }
    }
    // A mutator that breaks everything, or nothing, proves nothing.
    #expect(read > Self.cases / 20 && read < Self.cases * 3 / 4, "\(read) of \(Self.cases) were read")
  }

  @Test func `random bytes are never a crash`() {
    var random = SplitMix64(seed: 0xFEED)
    for _ in 0..<Self.cases {
      var bytes = (0..<random.below(80)).map { _ in UInt8(random.below(256)) }
      // Mostly small counts, so that the reader gets beyond the header.
      for offset in [4, 6, 8, 10] where offset + 1 < bytes.count {
        bytes[offset] = 0
        bytes[offset + 1] = UInt8(random.below(3))
      }
      _ = try? DNSMessage(decoding: bytes)
    }
  }

  @Test func `every truncation of a good message is an error`() throws {
    for message in Corpus.messages {
      let bytes = try message.encoded()
      for count in 0..<bytes.count {
        #expect(throws: DNSError.self) { try DNSMessage(decoding: Array(bytes[..<count])) }
      }
    }
  }

  @Test func `names of random bytes go through text and message unchanged`() throws {
    var random = SplitMix64(seed: 0xABCD)
    for _ in 0..<2_000 {
      var labels: [[UInt8]] = []
      for _ in 0...random.below(4) { labels.append((0...random.below(50)).map { _ in UInt8(random.below(256)) }) }
      let text = labels.map { label in
        label.map { byte in "\\" + String(repeating: "0", count: 3 - String(byte).count) + String(byte) }.joined()
      }.joined(separator: ".")
      let name = try DNSName(text)
      #expect(name.labels.map(Array.init) == labels)
      #expect(try DNSName(name.description).wireForm == name.wireForm)
      let message = DNSMessage.query(name, .a, id: 1)
      #expect(try DNSMessage(decoding: message.encoded()).questions[0].name.wireForm == name.wireForm)
    }
  }
}
