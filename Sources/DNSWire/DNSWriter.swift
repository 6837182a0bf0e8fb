// SPDX-License-Identifier: Apache-2.0
// Writes the parts of a message. Names are compressed where RFC 3597, §4 allows it: the owners of records, and names in
// the data of RFC 1035's types, but not in SRV.

struct DNSWriter {
  private(set) var bytes: [UInt8] = []
  /// Where names and their ends were written, as far as a pointer reaches.
  private var places: [DNSName: Int] = [:]

  static let longest = 65_535
  private static let pointerReach = 0x4000

  mutating func uint8(_ value: UInt8) { bytes.append(value) }

  mutating func uint16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

  mutating func uint32(_ value: UInt32) {
    uint16(UInt16(value >> 16))
    uint16(UInt16(truncatingIfNeeded: value))
  }

  mutating func uint64(_ value: UInt64) {
    uint32(UInt32(value >> 32))
    uint32(UInt32(truncatingIfNeeded: value))
  }

  mutating func raw(_ more: some Sequence<UInt8>) { bytes += more }

  mutating func name(_ name: DNSName, compressed: Bool = true) {
    var rest = name
    while let parent = rest.parent {
      if compressed, let place = places[rest] {
        uint16(0xc000 | UInt16(place))
        return
      }
      if bytes.count < Self.pointerReach && places[rest] == nil { places[rest] = bytes.count }
      bytes += rest.wireForm[...Int(rest.wireForm[0])]
      rest = parent
    }
    bytes.append(0)
  }

  /// Writes the body's bytes after their length.
  mutating func withLength(_ body: (inout DNSWriter) throws(DNSError) -> Void) throws(DNSError) {
    let start = bytes.count
    uint16(0)
    try body(&self)
    guard let length = UInt16(exactly: bytes.count - start - 2) else { throw .messageTooLong }
    bytes[start] = UInt8(length >> 8)
    bytes[start + 1] = UInt8(truncatingIfNeeded: length)
  }

  mutating func set(_ value: UInt16, at offset: Int) {
    bytes[offset] = UInt8(value >> 8)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
  }
}
