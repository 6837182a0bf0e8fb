// SPDX-License-Identifier: Apache-2.0

/// Why a WebSocket was closed (RFC 6455 section 7.4).
///
/// ```swift
/// let code: WebSocketCloseCode = 4001   // a code of the application's own
/// assert(code.mayBeSent)
/// ```
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  /// The number.
  public let rawValue: UInt16

  /// A code by its number. Not every number may be sent, see `mayBeSent`.
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// A code by its number.
  public init(integerLiteral value: UInt16) { rawValue = value }

  /// The purpose is fulfilled.
  public static let normal: WebSocketCloseCode = 1000
  /// A server shuts down, or a browser leaves the page.
  public static let goingAway: WebSocketCloseCode = 1001
  /// The peer broke the protocol.
  public static let protocolError: WebSocketCloseCode = 1002
  /// A kind of data that the endpoint cannot accept.
  public static let unsupportedData: WebSocketCloseCode = 1003
  /// Never sent: the close frame had no code.
  public static let noStatusReceived: WebSocketCloseCode = 1005
  /// Never sent: the connection ended without a close frame.
  public static let abnormalClosure: WebSocketCloseCode = 1006
  /// A text that is not UTF-8.
  public static let invalidFramePayloadData: WebSocketCloseCode = 1007
  /// A message against the endpoint's policy.
  public static let policyViolation: WebSocketCloseCode = 1008
  /// A message that is too big.
  public static let messageTooBig: WebSocketCloseCode = 1009
  /// The client wanted an extension that the server did not negotiate.
  public static let mandatoryExtension: WebSocketCloseCode = 1010
  /// The server met something that it did not expect.
  public static let internalError: WebSocketCloseCode = 1011
  /// The server restarts.
  public static let serviceRestart: WebSocketCloseCode = 1012
  /// The server is overloaded.
  public static let tryAgainLater: WebSocketCloseCode = 1013
  /// A gateway's upstream failed.
  public static let badGateway: WebSocketCloseCode = 1014

  /// Whether a close frame may have the code: 1000 to 1014 as they are registered, and 3000 to 4999.
  public var mayBeSent: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// What a close frame says.
public struct WebSocketClose: Hashable, Sendable {
  /// The code; `noStatusReceived` for a frame without one.
  public var code: WebSocketCloseCode
  /// Text for people; in UTF-8 at most 123 bytes.
  public var reason: String

  /// A close frame's content.
  public init(_ code: WebSocketCloseCode = .normal, reason: String = "") {
    self.code = code
    self.reason = reason
  }
}
