// SPDX-License-Identifier: Apache-2.0
// All lines of a head live in one byte array, with one array of offsets beside it. So any number of fields takes two
// allocations, and a look-up takes none. A parsed head keeps the peer's bytes, including the start line. Removing a
// line removes only its offsets.

/// The field lines of a head or a trailer section (RFC 9110 section 5): ordered, with names compared without case.
///
/// Each value is free of NUL, CR, LF and other control characters, whether it was parsed or appended.
///
/// ```swift
/// var fields: HTTPFields = ["accept": "text/html"]
/// try fields.append("x-trace", "a1")
/// assert(fields["Accept"] == "text/html")
/// for (name, value) in fields { print("\(name): \(value)") }
/// ```
public struct HTTPFields: Sendable {
  /// The position of one field line in `storage`. 32 bits suffice: heads are far smaller.
  struct Line: Sendable {
    var nameStart: UInt32
    var nameCount: UInt32
    var valueStart: UInt32
    var valueCount: UInt32

    @inline(__always)
    init(name: Range<Int>, value: Range<Int>) {
      nameStart = UInt32(name.lowerBound)
      nameCount = UInt32(name.count)
      valueStart = UInt32(value.lowerBound)
      valueCount = UInt32(value.count)
    }

    @inline(__always)
    var name: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
    @inline(__always)
    var value: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueCount) }
  }

  var storage: [UInt8]
  var lines: [Line]

  /// An empty list of fields.
  public init() {
    storage = []
    lines = []
  }

  init(storage: [UInt8], lines: [Line]) {
    self.storage = storage
    self.lines = lines
  }

  func text(_ range: Range<Int>) -> String { storage.withUnsafeBytes { $0.text(range) } }
}

extension HTTPFields: RandomAccessCollection {
  /// One field line. The value is decoded as UTF-8; invalid bytes become U+FFFD. See ``valueBytes(at:)``.
  public typealias Element = (name: String, value: String)

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of field lines.
  public var endIndex: Int { lines.count }
  /// The field line at this position.
  public subscript(position: Int) -> Element {
    (name: text(lines[position].name), value: text(lines[position].value))
  }

  /// The bytes of the value at `position`, for values that are not UTF-8.
  public func valueBytes(at position: Int) -> ArraySlice<UInt8> { storage[lines[position].value] }
}

extension HTTPFields: Equatable {
  /// Whether both have the same values under the same names, ignoring the names' case, in the same order.
  public static func == (left: HTTPFields, right: HTTPFields) -> Bool {
    guard left.count == right.count else { return false }
    return left.storage.withUnsafeBytes { leftBytes in
      right.storage.withUnsafeBytes { rightBytes in
        zip(left.lines, right.lines).allSatisfy { mine, other in
          leftBytes.part(mine.name).equalsIgnoringCase(rightBytes.part(other.name))
            && leftBytes.part(mine.value).elementsEqual(rightBytes.part(other.value))
        }
      }
    }
  }
}

extension HTTPFields: CustomStringConvertible {
  /// The fields in one line, escaped. It may contain secrets such as cookies.
  public var description: String {
    let shown = lines.map { line in
      let value = HTTP1Error.excerpt(of: storage[line.value])
      return "\(text(line.name)): \(value)"
    }
    return "[" + shown.joined(separator: ", ") + "]"
  }
}
