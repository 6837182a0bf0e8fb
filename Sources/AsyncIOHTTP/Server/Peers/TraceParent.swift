// SPDX-License-Identifier: Apache-2.0

/// The place of a request in a distributed trace: the field `traceparent` of W3C's Trace Context.
///
/// ```swift
/// let parent = TraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
/// assert(parent?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && parent?.isSampled == true)
/// ```
public struct TraceParent: Hashable, Sendable, CustomStringConvertible {
  /// The trace: 32 hexadecimal digits in small letters.
  public let traceID: String
  /// The caller's span: 16 hexadecimal digits in small letters.
  public let parentID: String
  /// Whether the caller records the trace.
  public let isSampled: Bool

  /// The value of a field; nil if it is not well-formed, and so has to be ignored.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 4, parts[0].utf8.count == 2, Self.isHex(parts[0]), parts[0] != "ff" else { return nil }
    // Version 00 has four parts; a later one may have more.
    guard parts[0] != "00" || parts.count == 4 else { return nil }
    guard parts[1].utf8.count == 32, Self.isHex(parts[1]), !parts[1].allSatisfy({ $0 == "0" }) else { return nil }
    guard parts[2].utf8.count == 16, Self.isHex(parts[2]), !parts[2].allSatisfy({ $0 == "0" }) else { return nil }
    guard parts[3].utf8.count == 2, Self.isHex(parts[3]), let flags = UInt8(parts[3], radix: 16) else { return nil }
    traceID = parts[1]
    parentID = parts[2]
    isSampled = flags & 1 != 0
  }

  private static func isHex(_ text: String) -> Bool {
    text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
  }

  /// The value to send on, with the same parent.
  public var description: String { "00-\(traceID)-\(parentID)-\(isSampled ? "01" : "00")" }
}
