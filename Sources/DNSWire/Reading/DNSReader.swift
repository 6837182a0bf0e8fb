// SPDX-License-Identifier: Apache-2.0
// Reads the parts of a message. Nothing is read that isn't there: each read asks first whether the bytes are.
//
// Compression (RFC 1035, §4.1.4) lets a name continue with the end of an earlier one. A pointer has to point to before
// the piece of the name that it ends. So each one followed leads further back, no two names can send the reader round in
// a circle. They are counted all the same, in a name and in the whole message: a chain of a hundred of them, followed anew
// by each of thousands of records, is a lot of work for a message of 64 KiB. As many as the message has bytes are more
// than any writer needs, whose pointers take two bytes each and lead to a name that was written before.

struct DNSReader {
  let bytes: [UInt8]
  private(set) var offset = 0

  /// A name has no more than 127 labels, and a writer needs no more than one pointer for each.
  private static let mostPointers = 127
  /// Pointers followed so far.
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

  /// A name, perhaps compressed; the reader stands behind it then.
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
