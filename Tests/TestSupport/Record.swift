// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The bytes of one write, which follow from its numbers.
package struct Record: Hashable, CustomStringConvertible {
  static let header = 12
  private static let content: [UInt8] = {
    var random = SeededRandom(seed: 1)
    return (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
  }()

  let writer: Int
  let number: Int
  let size: Int

  init(writer: Int, number: Int, size: Int) {
    self.writer = writer
    self.number = number
    self.size = size
  }

  /// Reads a header. Nil if its numbers belong to no writer.
  init?(_ header: ArraySlice<UInt8>) {
    let words = stride(from: header.startIndex, to: header.endIndex, by: 4).map { start in
      header[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
    guard words[0] < 8, words[1] < 25, words[2] <= 190_000 else { return nil }
    self.init(writer: words[0], number: words[1], size: words[2])
  }

  var body: ArraySlice<UInt8> {
    let start = (writer * 25 + number) * 499
    return Self.content[start..<(start + size)]
  }

  var bytes: [UInt8] {
    [writer, number, size].flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } } + body
  }

  package var description: String { "\(writer).\(number) (\(size) bytes)" }
}
