// SPDX-License-Identifier: Apache-2.0

/// Reads DWARF's encodings one after another. A read past the end is nil, and bad input never traps.
struct ByteCursor {
  let bytes: [UInt8]
  /// The address in memory of the first byte, for values encoded relative to their own place.
  let address: UInt64
  var offset = 0

  var isAtEnd: Bool { offset >= bytes.count }

  mutating func next<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> T? {
    guard let value = bytes.littleEndian(at: offset, as: type) else { return nil }
    offset += MemoryLayout<T>.size
    return value
  }

  mutating func uleb128() -> UInt64? {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = next(UInt8.self) {
      result |= UInt64(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 { return result }
    }
    return nil
  }

  mutating func sleb128() -> Int64? {
    var result: Int64 = 0
    var shift: Int64 = 0
    while let byte = next(UInt8.self) {
      result |= Int64(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 { return byte & 0x40 != 0 && shift < 64 ? result | (-1 << shift) : result }
    }
    return nil
  }

  mutating func block() -> [UInt8]? {
    guard let count = uleb128(), count <= UInt64(bytes.count - offset) else { return nil }
    defer { offset += Int(count) }
    return Array(bytes[offset..<offset + Int(count)])
  }

  mutating func string() -> [UInt8]? {
    guard offset < bytes.count, let end = bytes[offset...].firstIndex(of: 0) else { return nil }
    defer { offset = end + 1 }
    return Array(bytes[offset..<end])
  }

  /// A pointer in one of .eh_frame's encodings (DW_EH_PE_*), of which compilers use few.
  mutating func pointer(encoding: UInt8) -> UInt64? {
    let place = address &+ UInt64(offset)
    let value: UInt64?
    switch encoding & 0x0f {
    case 0x00, 0x04, 0x0c: value = next(UInt64.self)
    case 0x02: value = next(UInt16.self).map { UInt64($0) }
    case 0x03: value = next(UInt32.self).map { UInt64($0) }
    case 0x0a: value = next(Int16.self).map { UInt64(bitPattern: Int64($0)) }
    case 0x0b: value = next(Int32.self).map { UInt64(bitPattern: Int64($0)) }
    default: return nil
    }
    return encoding & 0x70 == 0x10 ? value.map { $0 &+ place } : value
  }
}
