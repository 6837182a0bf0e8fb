// SPDX-License-Identifier: Apache-2.0

/// The first 2 to 14 bytes of a frame (RFC 6455 section 5.2), gathered as they come.
struct FrameHeader {
  private var bytes: (UInt64, UInt64) = (0, 0)
  private(set) var count = 0

  /// How many bytes the header has, as far as is known: 2 until both of these are there.
  private var size: Int {
    guard count >= 2 else { return 2 }
    let extended = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0
    return 2 + extended + (isMasked ? 4 : 0)
  }

  /// Takes bytes from the input. Returns whether the header is complete.
  mutating func take(from input: UnsafeRawBufferPointer, at offset: inout Int) -> Bool {
    while count < size {
      guard offset < input.count else { return false }
      set(count, input[offset])
      count += 1
      offset += 1
    }
    return true
  }

  private mutating func set(_ index: Int, _ byte: UInt8) {
    let shift = UInt64(8 * (index & 7))
    if index < 8 { bytes.0 |= UInt64(byte) << shift } else { bytes.1 |= UInt64(byte) << shift }
  }

  private subscript(index: Int) -> UInt8 {
    let shift = UInt64(8 * (index & 7))
    return UInt8(truncatingIfNeeded: (index < 8 ? bytes.0 : bytes.1) >> shift)
  }

  var isFinal: Bool { self[0] & 0x80 != 0 }
  var reserved: UInt8 { self[0] >> 4 & 0x7 }
  var opcode: WebSocketOpcode? { WebSocketOpcode(rawValue: self[0] & 0xF) }
  var isMasked: Bool { self[1] & 0x80 != 0 }
  var shortLength: UInt8 { self[1] & 0x7F }

  /// The length of the data. Throws if it is not in the fewest bytes, or beyond 63 bits.
  func length() throws(WebSocketError) -> Int {
    switch shortLength {
    case 126:
      let length = Int(self[2]) << 8 | Int(self[3])
      guard length > 125 else { throw WebSocketError(.lengthNotMinimal) }
      return length
    case 127:
      guard self[2] & 0x80 == 0 else { throw WebSocketError(.lengthTooLarge) }
      let length = (2..<10).reduce(0) { $0 << 8 | Int(self[$1]) }
      guard length > 0xFFFF else { throw WebSocketError(.lengthNotMinimal) }
      return length
    default: return Int(shortLength)
    }
  }

  var mask: WebSocketMask? {
    guard isMasked else { return nil }
    let first = size - 4
    return WebSocketMask((self[first], self[first + 1], self[first + 2], self[first + 3]))
  }
}
