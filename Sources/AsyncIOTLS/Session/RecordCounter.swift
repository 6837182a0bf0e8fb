// SPDX-License-Identifier: Apache-2.0
// What a peer makes OpenSSL work for, in records. Within one call OpenSSL goes on as long as there is input, and answers
// what asks for an answer: a KeyUpdate costs it two derivations of keys, and brings nothing. So the input stops at a
// record's boundary when the call has had its share, or when the peer has sent too much that brings nothing.

struct RecordCounter {
  /// How many a call takes.
  private static let share: Int32 = 64
  /// How many in a row may hold no data: key updates, tickets, warnings, empty ones. Other libraries end a peer after 16
  /// (Go) or 32 (rustls) of them.
  static let mostWithoutData: Int32 = 32

  /// Of the record that has begun: how many bytes of its head have come, the length it says, and what of that is to come.
  private var headCount: UInt8 = 0
  private var length: UInt16 = 0
  private var rest: UInt16 = 0
  /// Handshakes are made of records without data.
  private var countsWithoutData = false
  /// What is left of the call's share.
  private var left = RecordCounter.share
  private(set) var withoutData: Int32 = 0

  mutating func beginCall() { left = Self.share }

  mutating func handshakeEnded() {
    countsWithoutData = true
    withoutData = 0
  }

  /// A record has brought data.
  mutating func dataCame() { withoutData = 0 }

  var hasTooManyWithoutData: Bool { countsWithoutData && withoutData > Self.mostWithoutData }

  /// In the midst of a record always.
  var mayContinue: Bool { headCount > 0 || rest > 0 || left > 0 && !hasTooManyWithoutData }

  /// Follows the records' heads (RFC 8446 section 5.1): type, version, length.
  mutating func count(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    while position < bytes.count {
      if rest > 0 {
        let step = min(Int(rest), bytes.count - position)
        rest -= UInt16(step)
        position += step
        continue
      }
      let byte = UInt16(bytes[position])
      position += 1
      headCount += 1
      if headCount == 4 { length = byte << 8 }
      if headCount == 5 {
        rest = length | byte
        headCount = 0
        left -= 1
        withoutData += 1
      }
    }
  }
}
