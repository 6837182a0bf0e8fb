// SPDX-License-Identifier: Apache-2.0
// A mask is XORed over the data, byte i with byte i % 4 of the key. Eight bytes go at a time; the phase says where in
// the key a piece begins, so that a frame may come in any pieces.

/// The mask of one frame (RFC 6455 section 5.3).
struct WebSocketMask: Hashable {
  /// The key, its first byte in the lowest bits.
  private let key: UInt32
  /// Which byte of the key comes next: 0 to 3.
  private(set) var phase = 0

  /// A mask by its key in the order of the wire.
  init(_ bytes: (UInt8, UInt8, UInt8, UInt8)) {
    key = UInt32(bytes.0) | UInt32(bytes.1) << 8 | UInt32(bytes.2) << 16 | UInt32(bytes.3) << 24
  }

  init(key: UInt32) { self.key = key }

  /// The key in the order of the wire.
  var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: key >> (8 * UInt32($0))) } }

  /// Masks or unmasks the next bytes in place: both are the same.
  mutating func apply(to bytes: UnsafeMutableRawBufferPointer) {
    let turn = UInt32(8 * phase)
    let turned = turn == 0 ? key : key >> turn | key << (32 - turn)
    let wide = UInt64(turned) | UInt64(turned) << 32
    var offset = 0
    // The words are stored in the machine's order, and so is the mask.
    let word = UInt64(littleEndian: wide)
    while offset + 8 <= bytes.count {
      let value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      bytes.storeBytes(of: value ^ word, toByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    while offset < bytes.count {
      bytes[offset] ^= UInt8(truncatingIfNeeded: turned >> UInt32(8 * (offset & 3)))
      offset += 1
    }
    phase = (phase + bytes.count) & 3
  }
}
