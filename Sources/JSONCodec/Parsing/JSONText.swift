// SPDX-License-Identifier: Apache-2.0

/// The text of strings on the tape, which the parser has checked.
enum JSONText {
  /// A string without its escapes. Swift compares strings by canonical equivalence; JSON compares code points, see
  /// `equal`.
  static func string(_ node: JSONNode, in bytes: UnsafeRawBufferPointer) -> String {
    let range = Int(node.offset)..<Int(node.offset) + Int(node.count)
    let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
    return node.flag ? String(decoding: unescaped(raw), as: UTF8.self) : String(decoding: raw, as: UTF8.self)
  }

  /// Whether two strings have the same code points.
  static func equal(_ left: JSONNode, _ right: JSONNode, in bytes: UnsafeRawBufferPointer) -> Bool {
    let (a, b) = (raw(left, bytes), raw(right, bytes))
    if !left.flag && !right.flag { return a.elementsEqual(b) }
    return unescaped(a) == unescaped(b)
  }

  /// Whether a string has the code points of `text`.
  @inline(__always)
  static func equal(_ node: JSONNode, _ text: UnsafeBufferPointer<UInt8>, in bytes: UnsafeRawBufferPointer) -> Bool {
    if node.flag { return unescaped(raw(node, bytes)).elementsEqual(text) }
    guard Int(node.count) == text.count else { return false }
    let start = Int(node.offset)
    for index in 0..<text.count where bytes[start &+ index] != text[index] { return false }
    return true
  }

  private static func raw(_ node: JSONNode, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[Int(node.offset)..<Int(node.offset) + Int(node.count)])
  }

  private static func unescaped(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var offset = 0
    while offset < raw.count {
      let byte = raw[offset]
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        offset += 1
        continue
      }
      offset += 2
      switch raw[offset - 1] {
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        var value = UInt32(hexUnit(raw, offset) ?? 0)
        offset += 4
        if 0xD800..<0xDC00 ~= value {
          value = 0x10000 + (value - 0xD800) << 10 + UInt32(hexUnit(raw, offset + 2) ?? 0) - 0xDC00
          offset += 6
        }
        if let scalar = Unicode.Scalar(value) { result.append(contentsOf: UTF8.encode(scalar)!) }
      default: result.append(raw[offset - 1])
      }
    }
    return result
  }

  /// The four hexadecimal digits at an offset; nil if they are not.
  static func hexUnit(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UInt16? {
    var unit: UInt16 = 0
    for index in start..<start + 4 {
      let byte = bytes[index]
      switch byte {
      case 0x30...0x39: unit = unit << 4 | UInt16(byte - 0x30)
      case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt16((byte | 0x20) - 0x57)
      default: return nil
      }
    }
    return unit
  }
}

/// UTF-8 by RFC 3629: without overlong forms, surrogates and what lies above U+10FFFF.
enum UTF8Scan {
  /// The offset of the first byte that is wrong; nil if all are right.
  static func firstError(in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let lead = bytes[offset]
      if lead < 0x80 {
        offset += 1
        continue
      }
      let (length, lowest, highest): (Int, UInt8, UInt8)
      switch lead {
      case 0xC2...0xDF: (length, lowest, highest) = (2, 0x80, 0xBF)
      case 0xE0: (length, lowest, highest) = (3, 0xA0, 0xBF)
      case 0xED: (length, lowest, highest) = (3, 0x80, 0x9F)
      case 0xE1...0xEF: (length, lowest, highest) = (3, 0x80, 0xBF)
      case 0xF0: (length, lowest, highest) = (4, 0x90, 0xBF)
      case 0xF4: (length, lowest, highest) = (4, 0x80, 0x8F)
      case 0xF1...0xF3: (length, lowest, highest) = (4, 0x80, 0xBF)
      default: return offset
      }
      guard offset + length <= range.upperBound, lowest...highest ~= bytes[offset + 1] else { return offset }
      for index in offset + 2..<max(offset + 2, offset + length) where bytes[index] & 0xC0 != 0x80 { return offset }
      offset += length
    }
    return nil
  }
}
