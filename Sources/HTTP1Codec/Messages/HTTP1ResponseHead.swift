// SPDX-License-Identifier: Apache-2.0

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
