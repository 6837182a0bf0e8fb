// SPDX-License-Identifier: Apache-2.0
// A server may ignore any Range field (RFC 9110 section 14.2). It ignores what it can't read, and what only an attacker
// asks for: many small or overlapping parts, which cost the server more than the whole (section 17.15).

/// What a Range field asks for of a representation of a known length (RFC 9110 section 14).
///
/// ```swift
/// assert(ByteRanges(field: "bytes=0-99,-100", length: 1000) == .parts([0..<100, 900..<1000]))
/// assert(ByteRanges(field: "bytes=1000-", length: 1000) == .unsatisfiable)
/// assert(ByteRanges(field: "lines=1-2", length: 1000) == .whole)
/// ```
public enum ByteRanges: Hashable, Sendable {
  /// The field is malformed, has another unit, or is better ignored: the server answers 200 with everything.
  case whole
  /// One part or more, in the order of the request, each within the length and not empty: 206 (Partial Content).
  case parts([Range<Int>])
  /// No part overlaps the representation: 416 (Range Not Satisfiable) with `Content-Range: bytes */LENGTH`.
  case unsatisfiable

  /// The most parts of one answer.
  public static let maximumParts = 16

  /// Reads the value of Range.
  ///
  /// - Parameter length: The length of the representation, 0 or more.
  public init(field: String, length: Int) {
    let text = ByteText.trimmed(field)
    guard let equals = text.firstIndex(of: "="), text[..<equals].lowercased() == "bytes" else {
      self = .whole
      return
    }
    var parts: [Range<Int>] = []
    var specs = 0
    for element in text[text.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: true) {
      let spec = ByteText.trimmed(element)
      if spec.isEmpty { continue }
      specs += 1
      guard specs <= Self.maximumParts, let bounds = Self.bounds(spec) else {
        self = .whole
        return
      }
      if let range = bounds.range(in: length) { parts.append(range) }
    }
    guard specs > 0 else {
      self = .whole
      return
    }
    if parts.isEmpty {
      self = .unsatisfiable
    } else if parts.count > 1, Self.overlap(parts) {
      self = .whole
    } else {
      self = .parts(parts)
    }
  }

  /// The value of Content-Range for a part.
  public static func contentRange(_ part: Range<Int>, of length: Int) -> String {
    "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(length)"
  }

  private enum Bounds {
    case from(Int, through: Int?)
    case last(Int)

    func range(in length: Int) -> Range<Int>? {
      switch self {
      case .from(let first, let last):
        guard first < length else { return nil }
        return first..<min(last ?? .max, length - 1) + 1
      case .last(let count):
        guard count > 0, length > 0 else { return nil }
        return max(0, length - count)..<length
      }
    }
  }

  private static func bounds(_ spec: String) -> Bounds? {
    guard let dash = spec.firstIndex(of: "-") else { return nil }
    let first = spec[..<dash]
    let last = spec[spec.index(after: dash)...]
    if first.isEmpty { return number(last).map { .last($0) } }
    guard let from = number(first) else { return nil }
    if last.isEmpty { return .from(from, through: nil) }
    guard let through = number(last), through >= from else { return nil }
    return .from(from, through: through)
  }

  /// `1*DIGIT`; a number beyond `Int` is as good as the largest one.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(text) ?? .max
  }

  private static func overlap(_ parts: [Range<Int>]) -> Bool {
    let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
    return zip(sorted, sorted.dropFirst()).contains { $0.upperBound > $1.lowerBound }
  }
}
