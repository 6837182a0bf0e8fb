// SPDX-License-Identifier: Apache-2.0

/// Bytes that have arrived but were not read, first in, first out.
struct ByteQueue {
  private var bytes: [UInt8] = []
  private var start = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: [UInt8]) {
    if isEmpty {
      bytes = more
      start = 0
    } else {
      bytes += more
    }
  }

  mutating func take(upTo limit: Int) -> [UInt8] {
    let end = start + min(count, max(1, limit))
    let taken = start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end])
    start = end
    if isEmpty {
      bytes = []
      start = 0
    } else if start > 65_536 {
      bytes.removeFirst(start)
      start = 0
    }
    return taken
  }
}
