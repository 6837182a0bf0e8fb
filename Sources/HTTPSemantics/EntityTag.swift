// SPDX-License-Identifier: Apache-2.0

/// An entity tag: the name of one version of a representation (RFC 9110 section 8.8.3).
///
/// ```swift
/// let tag = EntityTag("33a64df5")!
/// assert(tag.description == "\"33a64df5\"")
/// assert(EntityTag(field: "W/\"33a64df5\"")!.matchesWeakly(tag))
/// ```
public struct EntityTag: Hashable, Sendable, CustomStringConvertible {
  /// The text between the quotes.
  public let opaque: String
  /// Whether equal tags promise equal meaning only, and not equal bytes.
  public let isWeak: Bool

  /// A tag by its opaque text; nil if a character is not allowed: a quote, a space or a control character.
  public init?(_ opaque: String, isWeak: Bool = false) {
    guard opaque.utf8.allSatisfy(Self.allows) else { return nil }
    self.opaque = opaque
    self.isWeak = isWeak
  }

  /// A tag as ETag and If-Range have it: `"xyzzy"` or `W/"xyzzy"`. Nil for any other text.
  public init?(field: String) {
    var rest = Substring(field).utf8
    guard let tag = Self.take(from: &rest), rest.isEmpty else { return nil }
    self = tag
  }

  /// The tag in the form of a field.
  public var description: String { isWeak ? "W/\"\(opaque)\"" : "\"\(opaque)\"" }

  /// This tag, weak: what a content coding makes of a tag whose bytes it changes.
  public var weakened: EntityTag { EntityTag(unchecked: opaque, isWeak: true) }

  /// Whether both are strong and equal (RFC 9110 section 8.8.3.2), as If-Match and If-Range ask.
  public func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

  /// Whether both have the same opaque text, as If-None-Match asks.
  public func matchesWeakly(_ other: EntityTag) -> Bool { opaque.utf8.elementsEqual(other.opaque.utf8) }

  private init(unchecked opaque: String, isWeak: Bool) {
    self.opaque = opaque
    self.isWeak = isWeak
  }

  /// `etagc` of RFC 9110 section 8.8.3.
  private static func allows(_ byte: UInt8) -> Bool { byte == 0x21 || 0x23...0x7E ~= byte || byte >= 0x80 }

  /// Takes a tag from the front.
  static func take(from rest: inout Substring.UTF8View) -> EntityTag? {
    var look = rest
    let isWeak = look.starts(with: "W/".utf8)
    if isWeak { look = look.dropFirst(2) }
    guard look.first == UInt8(ascii: "\"") else { return nil }
    look = look.dropFirst()
    let opaque = look.prefix(while: allows)
    look = look.dropFirst(opaque.count)
    guard look.first == UInt8(ascii: "\"") else { return nil }
    rest = look.dropFirst()
    return EntityTag(unchecked: String(decoding: opaque, as: UTF8.self), isWeak: isWeak)
  }
}

/// The value of If-Match or If-None-Match: any version, or a list of tags (RFC 9110 section 13.1).
public enum EntityTagCondition: Hashable, Sendable {
  /// `*`: any version that exists.
  case any
  /// One of these.
  case tags([EntityTag])

  /// The condition in all values of the field, in their order. Nil if they are malformed.
  public init?(fields: [String]) {
    if fields.count == 1, ByteText.trimmed(fields[0]) == "*" {
      self = .any
      return
    }
    var tags: [EntityTag] = []
    for field in fields {
      var rest = Substring(field).utf8
      while true {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
        if rest.isEmpty { break }
        guard let tag = EntityTag.take(from: &rest) else { return nil }
        tags.append(tag)
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
      }
    }
    guard !tags.isEmpty else { return nil }
    self = .tags(tags)
  }
}

enum ByteText {
  /// The text without SP and HTAB at its ends.
  static func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text).utf8
    while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
    return String(decoding: rest, as: UTF8.self)
  }
}
