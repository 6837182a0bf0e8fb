// SPDX-License-Identifier: Apache-2.0

/// A number as it was written: nothing is rounded until somebody asks for a type.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
  /// The text by the grammar of RFC 8259 section 6.
  public let text: String

  init(checked text: String) { self.text = text }

  /// A number by its text; nil if that is not one in JSON.
  public init?(_ text: String) {
    guard let value = try? JSONValue(parsing: Array(text.utf8)), case .number(let number) = value, number.text == text
    else { return nil }
    self = number
  }

  /// An integer.
  public init(_ value: some BinaryInteger) { text = String(value) }

  /// A double, in the fewest digits that give it back; nil if it is infinite or not a number.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = ByteOutput.text(of: value)
  }

  /// The value as an integer, if it is one and fits: `1`, `1.0` and `1e3`.
  public func integer<Integer: FixedWidthInteger>(as type: Integer.Type = Int.self) -> Integer? {
    var text = text
    return text.withUTF8 { utf8 in
      let bytes = UnsafeRawBufferPointer(utf8)
      return NumberText.isInteger(bytes)
        ? NumberText.integer(bytes, 0, bytes.count, as: type)
        : NumberText.integerOfDecimal(bytes, 0, bytes.count, as: type)
    }
  }

  /// The nearest double; nil if that is infinite.
  public var double: Double? {
    var text = text
    return text.withUTF8 { NumberText.double(UnsafeRawBufferPointer($0), 0, $0.count) }
  }

  /// The text.
  public var description: String { text }
}

extension NumberText {
  /// Whether a number's text has neither a point nor an exponent.
  static func isInteger(_ bytes: UnsafeRawBufferPointer) -> Bool {
    !bytes.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
  }
}
