// SPDX-License-Identifier: Apache-2.0
// One error type for reading and writing. Programs decide on the kind. The excerpt is for people: a few of the peer's
// bytes, escaped and cut so that a log line stays one harmless line. After an error the two peers no longer agree on
// where a message ends. So the connection must be closed, and a parser repeats its error for ever.

/// What is wrong with an HTTP/1.1 message, read or about to be written.
///
/// `description` is one line, such as `HTTP response: chunk size has no hexadecimal digit ("zz")`.
///
/// ```swift
/// func statusFor(_ error: HTTP1Error) -> Int {
///   switch error.kind {
///   case .startLineTooLong: 414
///   case .fieldLineTooLong, .headTooLarge, .tooManyFields: 431
///   case .bodyTooLarge: 413
///   case .unsupportedVersion: 505
///   case .unsupportedTransferCoding: 501
///   default: 400
///   }
/// }
/// ```
public struct HTTP1Error: Error, Hashable, Sendable {
  /// The message that the error is about.
  public enum Message: String, Sendable {
    /// A request, read or written.
    case request
    /// A response, read or written.
    case response
    /// Fields that a program builds, before they are part of a message.
    case fields
  }

  /// The message that was read or written.
  public let message: Message
  /// What is wrong with it.
  public let kind: Kind
  /// Up to 32 of the wrong bytes, with everything but printable ASCII escaped. Empty if no bytes help. The bytes may
  /// begin a secret, such as a cookie's.
  public let excerpt: String

  init(_ message: Message, _ kind: Kind) {
    self.message = message
    self.kind = kind
    excerpt = ""
  }

  init(_ message: Message, _ kind: Kind, _ bytes: some Sequence<UInt8>) {
    self.message = message
    self.kind = kind
    excerpt = Self.excerpt(of: bytes)
  }
}

extension HTTP1Error: CustomStringConvertible {
  /// The message, the reason and the excerpt, in one line of ASCII.
  public var description: String {
    excerpt.isEmpty ? "HTTP \(message.rawValue): \(kind)" : "HTTP \(message.rawValue): \(kind) (\"\(excerpt)\")"
  }
}
