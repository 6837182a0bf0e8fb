// SPDX-License-Identifier: Apache-2.0

/// A list with qualities, as Accept-Encoding and Accept-Language have it (RFC 9110 section 12.4.2).
///
/// ```swift
/// let accepted = QualityList(fields: ["br;q=0.8, gzip", "identity;q=0"])
/// assert(accepted.quality(of: "GZIP") == 1000)
/// assert(accepted.quality(of: "identity") == 0)
/// ```
public struct QualityList: Hashable, Sendable {
  /// An element: its name in lower case, and its quality in thousandths, 0 to 1000.
  public struct Element: Hashable, Sendable {
    public let name: String
    public let quality: Int
  }

  /// The well-formed elements, in their order.
  public let elements: [Element]

  /// Reads the values of a field, one for each line. Elements that are malformed are left out.
  public init(fields: [String]) {
    elements = fields.flatMap { field in
      field.split(separator: ",").compactMap { Self.element(String($0)) }
    }
  }

  /// The quality of a name, by its own element or that of `*`. Nil if the list has neither.
  public func quality(of name: String) -> Int? {
    let wanted = name.lowercased()
    return (elements.first { $0.name == wanted } ?? elements.first { $0.name == "*" })?.quality
  }

  private static func element(_ text: String) -> Element? {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { ByteText.trimmed($0) }
    guard let name = parts.first, !name.isEmpty else { return nil }
    var quality = 1000
    for parameter in parts.dropFirst() where parameter.lowercased().hasPrefix("q=") {
      guard let value = Self.quality(parameter.dropFirst(2)) else { return nil }
      quality = value
    }
    return Element(name: name.lowercased(), quality: quality)
  }

  /// `qvalue`: 0 or 1, with up to three decimals.
  private static func quality(_ text: Substring) -> Int? {
    let digits = Array(text.utf8)
    guard let first = digits.first, first == 0x30 || first == 0x31, digits.count <= 5 else { return nil }
    var value = Int(first - 0x30) * 1000
    if digits.count > 1 {
      guard digits[1] == UInt8(ascii: ".") else { return nil }
      var scale = 100
      for digit in digits.dropFirst(2) {
        guard 0x30...0x39 ~= digit else { return nil }
        value += Int(digit - 0x30) * scale
        scale /= 10
      }
    }
    return value <= 1000 ? value : nil
  }
}
