// SPDX-License-Identifier: Apache-2.0
// A fragment may end within a character, and a text must fail at its first wrong byte, not at its end. So the check
// keeps how many bytes of a character are still to come, and which values the next one may have. The values exclude
// overlong forms, surrogates and everything above U+10FFFF (RFC 3629 section 4). Most text is ASCII: the check takes
// eight bytes of that at a time.

/// Checks that bytes are UTF-8, in any portions.
///
/// ```swift
/// var checker = UTF8Checker()
/// assert(checker.accepts([0xC3]) && !checker.isComplete)
/// assert(checker.accepts([0xA4]) && checker.isComplete)
/// ```
public struct UTF8Checker: Hashable, Sendable {
  /// Bytes of the current character that are still to come.
  private var missing = 0
  /// The values that the next of them may have.
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF
  private var hasFailed = false

  /// A checker at the begin of a text.
  public init() {}

  /// Whether the bytes so far are UTF-8 and end with a whole character.
  public var isComplete: Bool { missing == 0 && !hasFailed }

  /// Looks at the next bytes. Returns whether the text so far can begin one in UTF-8. Once false, it stays false.
  public mutating func accepts(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { accepts($0) } }

  /// Looks at the next bytes; see `accepts(_:)` with an array.
  public mutating func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if hasFailed { return false }
    var offset = 0
    while offset < bytes.count {
      if missing == 0 {
        while offset + 8 <= bytes.count,
          bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          offset += 8
        }
        guard offset < bytes.count else { break }
      }
      let byte = bytes[offset]
      offset += 1
      guard take(byte) else {
        hasFailed = true
        return false
      }
    }
    return true
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard lowest...highest ~= byte else { return false }
      missing -= 1
      (lowest, highest) = (0x80, 0xBF)
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, lowest) = (2, 0xA0)
    case 0xED: (missing, highest) = (2, 0x9F)
    case 0xE1...0xEF: missing = 2
    case 0xF0: (missing, lowest) = (3, 0x90)
    case 0xF4: (missing, highest) = (3, 0x8F)
    case 0xF1...0xF3: missing = 3
    default: return false
    }
    return true
  }
}
