// SPDX-License-Identifier: Apache-2.0
// Reads the parts of a message. Each read first checks that the bytes are there.
//
// Compression (RFC 1035, §4.1.4) lets a name continue with the end of an earlier one. A pointer has to point before the
// piece of the name that it ends. So each pointer leads further back, and names cannot send the reader round in a
// circle. Pointers are counted all the same, in a name and in the whole message. In a message of 64 KiB, thousands of
// records could each follow a chain of a hundred pointers, which is much work. The limit is the message's length in
// bytes. That is more than any writer needs, whose pointers take two bytes each and lead to a name written before.

struct DNSReader {
  let bytes: [UInt8]
  private(set) var offset = 0

  /// A name has at most 127 labels, and a writer needs at most one pointer for each.
  private static let mostPointers = 127
  /// How many pointers were followed so far.
  private var followed = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  mutating func skip(_ count: Int) throws(DNSError) { _ = try take(count) }

  mutating func uint8() throws(DNSError) -> UInt8 {
    guard offset < bytes.count else { throw .truncated(offset: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func uint16() throws(DNSError) -> UInt16 {
    guard bytes.count - offset >= 2 else { throw .truncated(offset: offset) }
    defer { offset += 2 }
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }

  mutating func uint32() throws(DNSError) -> UInt32 {
    guard bytes.count - offset >= 4 else { throw .truncated(offset: offset) }
    let high = try uint16()
    return UInt32(high) << 16 | UInt32(try uint16())
  }

  mutating func uint64() throws(DNSError) -> UInt64 {
    guard bytes.count - offset >= 8 else { throw .truncated(offset: offset) }
    let high = try uint32()
    return UInt64(high) << 32 | UInt64(try uint32())
  }

  mutating func take(_ count: Int) throws(DNSError) -> ArraySlice<UInt8> {
    guard bytes.count - offset >= count else { throw .truncated(offset: offset) }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// Reads a name, perhaps compressed.
  mutating func name() throws(DNSError) -> DNSName {
    let start = offset
    var wireForm: [UInt8] = []
    var position = offset
    var pieceStart = offset
    var end: Int?
    var pointers = 0
    while true {
      guard position < bytes.count else { throw .truncated(offset: start) }
      let length = Int(bytes[position])
      switch length >> 6 {
      case 0:
        guard position + length < bytes.count else { throw .truncated(offset: start) }
        position += length + 1
        guard wireForm.count + position - pieceStart <= DNSName.longest else {
          throw .nameTooLongInMessage(offset: start)
        }
        if length == 0 {
          wireForm += bytes[pieceStart..<position]
          offset = end ?? position
          return DNSName(uncheckedWireForm: wireForm)
        }
      case 3:
        guard position + 1 < bytes.count else { throw .truncated(offset: start) }
        let target = (length & 0x3f) << 8 | Int(bytes[position + 1])
        guard target < pieceStart else { throw .pointerNotBackwards(offset: position) }
        pointers += 1
        followed += 1
        guard pointers <= Self.mostPointers, followed <= bytes.count else { throw .tooManyPointers(offset: start) }
        wireForm += bytes[pieceStart..<position]
        if end == nil { end = position + 2 }
        position = target
        pieceStart = target
      default:
        throw .reservedLabelKind(offset: position)
      }
    }
  }
}
