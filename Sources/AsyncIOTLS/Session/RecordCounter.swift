// SPDX-License-Identifier: Apache-2.0
// Limits the records that a peer makes OpenSSL process. Within one call OpenSSL continues while there is input, and
// answers records that ask for an answer. A KeyUpdate costs it two key derivations and brings no data. So the input
// stops at a record's boundary when the call has used its share, or when the peer sent too many records without data.

struct RecordCounter {
  /// The number of records that one call processes.
  private static let share: Int32 = 64
  /// The number of consecutive records that may hold no data: key updates, tickets, warnings, empty records. Other
  /// libraries end the connection after 16 (Go) or 32 (rustls).
  static let mostWithoutData: Int32 = 32

  /// The current record: how many bytes of its header have come, the length it gives, and how much is still to come.
  private var headCount: UInt8 = 0
  private var length: UInt16 = 0
  private var rest: UInt16 = 0
  /// Off during a handshake, which consists of records without data.
  private var countsWithoutData = false
  /// The rest of the call's share.
  private var left = RecordCounter.share
  private(set) var withoutData: Int32 = 0

  mutating func beginCall() { left = Self.share }

  mutating func handshakeEnded() {
    countsWithoutData = true
    withoutData = 0
  }

  /// Notes that a record brought data.
  mutating func dataCame() { withoutData = 0 }

  var hasTooManyWithoutData: Bool { countsWithoutData && withoutData > Self.mostWithoutData }

  /// Whether to read on; always true inside a record.
  var mayContinue: Bool { headCount > 0 || rest > 0 || left > 0 && !hasTooManyWithoutData }

  /// Follows the record headers (RFC 8446 section 5.1): type, version, length.
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
