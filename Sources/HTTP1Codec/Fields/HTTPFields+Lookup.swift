// SPDX-License-Identifier: Apache-2.0

extension HTTPFields {
  /// The value of the first line with this name, in any case; nil without such a line.
  public subscript(name: String) -> String? {
    firstIndex(of: name).map { text(lines[$0].value) }
  }

  /// The values of all lines with this name, in order. They are not split at commas.
  public func values(of name: String) -> [String] {
    withBytes(of: name) { bytes, wanted in
      lines.lazy.filter { bytes.part($0.name).equalsIgnoringCase(wanted) }.map { bytes.text($0.value) }
    }
  }

  /// Whether there is a line with this name, in any case.
  public func contains(_ name: String) -> Bool { firstIndex(of: name) != nil }

  /// The position of the first line with this name, in any case.
  public func firstIndex(of name: String) -> Int? {
    withBytes(of: name) { bytes, wanted in
      lines.firstIndex { bytes.part($0.name).equalsIgnoringCase(wanted) }
    }
  }

  /// Whether one of the comma-separated elements of all lines with this name equals `element`, ignoring case. It is the
  /// test for fields such as Connection, Expect or Upgrade.
  ///
  /// Quoted strings are not parsed: an element is the text between two commas.
  public func contains(element: String, in name: String) -> Bool {
    withBytes(of: name) { bytes, wanted in
      var element = element
      return element.withUTF8 { utf8 in
        let sought = ByteView(utf8)
        for line in lines where bytes.part(line.name).equalsIgnoringCase(wanted) {
          var elements = ListElements(line.value)
          while let range = elements.next(in: bytes) {
            if bytes.part(range).equalsIgnoringCase(sought) { return true }
          }
        }
        return false
      }
    }
  }

  private func withBytes<Result>(of name: String, _ body: (ByteView, ByteView) -> Result) -> Result {
    var name = name
    return name.withUTF8 { utf8 in storage.withUnsafeBytes { body($0, ByteView(utf8)) } }
  }
}

/// Iterates over the elements of a comma-separated list (RFC 9110 section 5.6.1), trimmed, empty ones included.
struct ListElements {
  private var rest: Range<Int>?

  @inline(__always)
  init(_ value: Range<Int>) { rest = value }

  @inline(__always)
  mutating func next(in bytes: ByteView) -> Range<Int>? {
    guard let range = rest else { return nil }
    if let comma = bytes.firstOffset(of: ASCII.comma, in: range) {
      rest = comma + 1..<range.upperBound
      return bytes.trimmingBlanks(range.lowerBound..<comma)
    }
    rest = nil
    return bytes.trimmingBlanks(range)
  }
}
