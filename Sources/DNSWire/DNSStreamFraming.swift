// SPDX-License-Identifier: Apache-2.0

/// Messages on a TCP connection: each after its length in two bytes (RFC 1035, §4.2.2).
///
/// ```swift
/// var framing = DNSStreamFraming()
/// framing.append([0, 3, 1, 2])
/// print(framing.next() as Any)  // nil
/// framing.append([3])
/// print(framing.next() as Any)  // Optional([1, 2, 3])
/// ```
///
/// It stores at most one message and the bytes that came with its end: take every message before you append more.
public struct DNSStreamFraming: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  /// A framing without bytes.
  public init() {}

  /// Takes bytes as they arrive.
  public mutating func append(_ more: some Collection<UInt8>) {
    if start > 0 {
      bytes.removeSubrange(..<start)
      start = 0
    }
    bytes += more
  }

  /// Returns the next message once it is complete; nil before that.
  public mutating func next() -> [UInt8]? {
    guard bytes.count - start >= 2 else { return nil }
    let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
    guard bytes.count - start - 2 >= length else { return nil }
    defer { start += 2 + length }
    return Array(bytes[(start + 2)..<(start + 2 + length)])
  }

  /// Whether a message has begun but not ended.
  public var isWithinMessage: Bool { start < bytes.count }

  /// Returns the message with its length before it, as a stream carries it.
  ///
  /// - Throws: `DNSError.messageTooLong` for more than 65,535 bytes.
  public static func framed(_ message: [UInt8]) throws(DNSError) -> [UInt8] {
    guard let length = UInt16(exactly: message.count) else { throw .messageTooLong }
    return [UInt8(length >> 8), UInt8(truncatingIfNeeded: length)] + message
  }
}
