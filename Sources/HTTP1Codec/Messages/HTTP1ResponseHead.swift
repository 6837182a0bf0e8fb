// SPDX-License-Identifier: Apache-2.0

/// The status line and the fields of a response that was read.
public struct HTTP1ResponseHead: Sendable {
  public let version: HTTP1Version
  /// The status code, 100 to 999. One above 599 is to be treated as a 5xx (RFC 9110 section 15).
  public let status: Int
  /// The field lines, in the order in which they came.
  public let fields: HTTPFields
  /// Where the body ends, with the request's method and the status taken into account.
  public let framing: HTTP1BodyFraming
  /// Whether another request may be sent on the connection once this response has ended (RFC 9112 section 9.3).
  public let keepsConnectionAlive: Bool
  let reasonRange: Range<Int>

  /// The reason phrase as it was sent, maybe empty; for people only.
  public var reason: String { fields.text(reasonRange) }
}
