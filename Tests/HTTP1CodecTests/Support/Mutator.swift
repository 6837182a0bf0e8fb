// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import TestSupport

/// Damages valid messages, and cuts them up.
enum Mutator {
  static let tokens: [[UInt8]] = [
    "\r\n", "\n", "\r", "\r\n\r\n", "\0", " ", "\t", ":", " :", ",", ";", ";a=\"", "\"",
    "0x", "-1", "+5", "_", "0\r\n\r\n", "\r\n ",
    "ffffffffffffffff", "7fffffffffffffff", "99999999999999999999", "Content-Length: 5\r\n", "Content-Length: 6\r\n",
    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "Transfer-Encoding : chunked\r\n",
    "chunked, chunked",
    "Host: other\r\n", "Connection: close\r\n", "HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "100", "204", "304", "\u{7F}", "#",
  ].map { Array($0.utf8) }

  static let tightLimits: HTTP1Limits = {
    var limits = HTTP1Limits()
    limits.maximumLineLength = 40
    limits.maximumHeadSize = 120
    limits.maximumFieldCount = 3
    limits.maximumBodySize = 12
    limits.maximumChunkLineLength = 12
    limits.maximumChunkExtensionsSize = 16
    limits.maximumTrailersSize = 16
    limits.maximumTrailerCount = 1
    limits.maximumInformationalResponses = 1
    return limits
  }()

  /// Damages one of the messages in one to three places.
  static func mutate(_ corpus: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
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
      case 6: bytes.replaceSubrange(position..., with: corpus[random.below(corpus.count)].dropFirst(position))
      default: bytes.insert(contentsOf: tokens[random.below(tokens.count)], at: position)
      }
    }
    return bytes
  }

  /// Usually a few cuts, sometimes one after each byte.
  static func cuts(of count: Int, _ random: inout SplitMix64) -> [Int] {
    random.below(16) == 0 && count > 1 ? Array(1..<count) : randomCuts(of: count, &random)
  }

  static func shown(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).debugDescription
  }
}

/// One to eight cuts, ascending; empty pieces included.
func randomCuts(of count: Int, _ random: inout SplitMix64) -> [Int] {
  var cuts: [Int] = []
  for _ in 0...random.below(8) { cuts.append(random.below(count + 1)) }
  cuts.sort()
  return cuts
}
