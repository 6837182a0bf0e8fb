// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not JSON by RFC 8259.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, one name for each.
  public enum Kind: Hashable, Sendable {
    /// The bytes end before the value does.
    case unexpectedEnd
    /// A byte that can't stand there.
    case unexpectedByte(UInt8)
    /// Bytes follow the value.
    case trailingBytes
    /// A number that begins with a zero or a plus, ends with a point, or has no digits.
    case invalidNumber
    /// A control character in a string; it has to be escaped.
    case controlCharacter
    /// An escape that JSON doesn't have, or one half of a surrogate pair.
    case invalidEscape
    /// A string that is not UTF-8.
    case invalidUTF8
    /// Arrays and objects stand too deep in each other.
    case tooDeep(limit: Int)
    /// An object has a key twice, which the options forbid.
    case duplicateKey(String)
    /// More than 4 GiB.
    case tooLarge
  }

  /// The reason.
  public let kind: Kind
  /// Where, in bytes from the start.
  public let offset: Int
  /// The line, from 1.
  public let line: Int
  /// The column in bytes, from 1.
  public let column: Int

  init(_ kind: Kind, at offset: Int, in bytes: UnsafeRawBufferPointer) {
    self.kind = kind
    self.offset = offset
    var line = 1
    var start = 0
    for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      start = index + 1
    }
    self.line = line
    column = offset - start + 1
  }

  /// `JSON, line 3, column 7: the bytes end before the value does`.
  public var description: String { "JSON, line \(line), column \(column): \(reason)" }

  private var reason: String {
    switch kind {
    case .unexpectedEnd: "the bytes end before the value does"
    case .unexpectedByte(let byte):
      0x21...0x7E ~= byte
        ? "\"\(Character(Unicode.Scalar(byte)))\" can't stand here" : "byte \(byte) can't stand here"
    case .trailingBytes: "something follows the value"
    case .invalidNumber: "not a number"
    case .controlCharacter: "a control character in a string"
    case .invalidEscape: "not an escape"
    case .invalidUTF8: "not UTF-8"
    case .tooDeep(let limit): "arrays and objects stand more than \(limit) deep"
    case .duplicateKey(let key): "the key \"\(key)\" stands twice in one object"
    case .tooLarge: "more than 4 GiB"
    }
  }
}
