// SPDX-License-Identifier: Apache-2.0
// A target becomes names of files only here. A name is decoded once, and what could be another name to the kernel or to
// another server is refused, not repaired: "." and "..", an encoded slash, a backslash, NUL. A second decoding would
// find "%252e"; nothing decodes twice.

/// The path of a request target as names of directories and a file.
///
/// ```swift
/// let path = TargetPath("/docs/a%20b.txt?x=1")!
/// assert(path.names.map { String(decoding: $0, as: UTF8.self) } == ["docs", "a b.txt"])
/// assert(TargetPath("/a/%2e%2e/b") == nil)
/// ```
public struct TargetPath: Hashable, Sendable {
  /// The decoded segments, none of them empty, `.` or `..`, and none with a slash, a backslash or NUL.
  public let names: [[UInt8]]
  /// Whether the path ends with a slash: it names a directory.
  public let isDirectory: Bool

  /// The path of a target in origin form. Nil if it doesn't begin with a slash, or has a segment that names no file.
  /// Repeated slashes count as one.
  public init?(_ target: String) {
    let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    guard path.first == UInt8(ascii: "/") else { return nil }
    var names: [[UInt8]] = []
    for segment in path.split(separator: UInt8(ascii: "/")) {
      guard let name = PercentCoding.decode(segment), Self.isName(name) else { return nil }
      names.append(name)
    }
    self.names = names
    isDirectory = path.last == UInt8(ascii: "/")
  }

  private static func isName(_ name: [UInt8]) -> Bool {
    if name == [0x2E] || name == [0x2E, 0x2E] { return false }
    return !name.contains { $0 == 0 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
  }
}

/// Percent-encoding (RFC 3986 section 2.1).
public enum PercentCoding {
  /// The bytes behind an encoded text; nil if a `%` is not followed by two hexadecimal digits.
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var digits = 0
    var value: UInt8 = 0
    for byte in text {
      if digits > 0 {
        guard let digit = hexValue(byte) else { return nil }
        value = value << 4 | digit
        digits -= 1
        if digits == 0 { bytes.append(value) }
      } else if byte == UInt8(ascii: "%") {
        digits = 2
        value = 0
      } else {
        bytes.append(byte)
      }
    }
    return digits == 0 ? bytes : nil
  }

  /// A segment of a path for bytes of any kind: everything but `unreserved` of RFC 3986 is encoded.
  public static func encode(segment: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in segment {
      let isLetter = 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
      if isLetter || 0x30...0x39 ~= byte || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E {
        text.append(byte)
      } else {
        text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}
