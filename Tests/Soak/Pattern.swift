// SPDX-License-Identifier: Apache-2.0

/// Bytes that each follow from their position and the conversation's seed, so that a lost, doubled or moved byte shows.
struct Pattern {
  let seed: UInt64

  private func word(_ index: Int) -> UInt64 {
    // SplitMix64
    var value = seed &+ UInt64(index) &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    let first = range.lowerBound / 8
    let words = (range.upperBound + 7) / 8 - first
    let whole = [UInt8](unsafeUninitializedCapacity: words * 8) { bytes, initialized in
      bytes.withMemoryRebound(to: UInt64.self) { buffer in
        for index in 0..<words { buffer[index] = word(first + index) }
      }
      initialized = words * 8
    }
    let skipped = range.lowerBound - first * 8
    return Array(whole[skipped..<(skipped + range.count)])
  }

  /// The position of the first difference in bytes from `offset` on; nil if all are equal.
  func firstDifference(_ bytes: [UInt8], at offset: Int) -> Int? {
    let expected = self.bytes(offset..<(offset + bytes.count))
    if expected == bytes { return nil }
    return zip(bytes, expected).enumerated().first { $0.element.0 != $0.element.1 }.map { offset + $0.offset }
  }
}

/// A small generator with a seed.
struct Dice {
  private var state: UInt64
  init(seed: UInt64) { state = seed | 1 }

  mutating func roll(_ range: Range<Int>) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return range.lowerBound + Int(state >> 11) % range.count
  }
}
