// SPDX-License-Identifier: Apache-2.0

/// The request line and the fields of a request that was read.
public struct HTTP1RequestHead: Sendable {
  /// The four forms of a request target (RFC 9112 section 3.2).
  public enum TargetForm: Sendable {
    /// `/path?query`.
    case origin
    /// `http://host/path?query` or `https://…`, as sent to a proxy. Its host counts, not the one in the Host field (RFC
    /// 9112 section 3.2.2); both are checked alike.
    case absolute
    /// `host:port`, only with CONNECT.
    case authority
    /// `*`, only with OPTIONS.
    case asterisk
  }

  /// The method.
  public let method: HTTPMethod
  /// The client's version of HTTP.
  public let version: HTTP1Version
  /// The form of the target.
  public let targetForm: TargetForm
  /// The field lines in the order of their arrival.
  public let fields: HTTPFields
  /// Where the body ends: `.none`, `.contentLength` or `.chunked`.
  public let framing: HTTP1BodyFraming
  /// Whether the client wants to send another request on this connection (RFC 9112 section 9.3).
  public let keepsConnectionAlive: Bool
  let targetRange: Range<Int>
  /// Whether there is an Expect field.
  let hasExpectation: Bool

  /// The request target as it was sent: visible ASCII without `#`, not decoded.
  public var target: String { fields.text(targetRange) }

  /// Lends the bytes of the request target.
  package func withTarget<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try fields.storage.withUnsafeBytes { try body($0.part(targetRange)) }
  }

  /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
  public var expectsContinue: Bool {
    hasExpectation && version == .http1_1 && framing != .none
      && fields.contains(element: "100-continue", in: "expect")
  }

  /// Whether the client expects something that this server doesn't know (417, RFC 9110 section 10.1.1). An HTTP/1.0
  /// client expects nothing.
  package var expectsTheUnknown: Bool {
    hasExpectation && version == .http1_1
      && fields.values(of: "expect").contains { value in
        value.split(separator: ",").contains { element in
          element.trimmingBlanks.lowercased() != "100-continue"
        }
      }
  }
}

/// The protocol version of a message. A minor version above 1 counts as 1.1 (RFC 9110 section 2.5).
public enum HTTP1Version: Hashable, Sendable, CustomStringConvertible {
  case http1_0
  case http1_1

  /// The version in the form of a start line.
  public var description: String { self == .http1_0 ? "HTTP/1.0" : "HTTP/1.1" }
}

/// The status line and the fields of a response that was read.
public struct HTTP1ResponseHead: Sendable {
  /// The server's version of HTTP.
  public let version: HTTP1Version
  /// The status code, 100 to 999. Treat one above 599 as a 5xx (RFC 9110 section 15).
  public let status: Int
  /// The field lines in the order of their arrival.
  public let fields: HTTPFields
  /// Where the body ends, by the fields, the request's method and the status.
  public let framing: HTTP1BodyFraming
  /// Whether another request may be sent on the connection once this response has ended (RFC 9112 section 9.3).
  public let keepsConnectionAlive: Bool
  let reasonRange: Range<Int>

  /// The reason phrase as it was sent, for people only; it may be empty.
  public var reason: String { fields.text(reasonRange) }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
