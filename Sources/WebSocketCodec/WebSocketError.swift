// SPDX-License-Identifier: Apache-2.0

/// How a peer broke the protocol, or exceeded a limit.
///
/// Answer with a close frame that has `closeCode`, then end the connection (RFC 6455 section 7.1.7).
public struct WebSocketError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, one name for each.
  public enum Kind: String, Sendable {
    case reservedBits = "a reserved bit is set without an extension that uses it"
    case unknownOpcode = "the opcode is reserved"
    case fragmentedControl = "a control frame is in fragments"
    case controlTooLong = "a control frame has more than 125 bytes"
    case notMasked = "a client's frame is not masked"
    case masked = "a server's frame is masked"
    case lengthNotMinimal = "a length is in more bytes than it needs"
    case lengthTooLarge = "a length has its highest bit set"
    case unexpectedContinuation = "a continuation frame follows no fragment"
    case unfinishedMessage = "a new message begins before the last one has ended"
    case invalidCloseLength = "a close frame has one byte"
    case invalidCloseCode = "a close frame has a code that must not be sent"
    case invalidUTF8 = "a text is not UTF-8"
    case messageTooBig = "a message is larger than the limit"
    case tooManyEmptyFrames = "too many frames in a row carry nothing"
    case endedInsideMessage = "the connection ended within a frame or a message"
    case invalidCompression = "compressed data is malformed"
  }

  /// The reason.
  public let kind: Kind

  /// An error of this kind.
  public init(_ kind: Kind) { self.kind = kind }

  /// The code of the close frame to answer with.
  public var closeCode: WebSocketCloseCode {
    switch kind {
    case .invalidUTF8, .invalidCompression: .invalidFramePayloadData
    case .messageTooBig: .messageTooBig
    case .tooManyEmptyFrames: .policyViolation
    default: .protocolError
    }
  }

  /// `WebSocket: a text is not UTF-8`.
  public var description: String { "WebSocket: \(kind.rawValue)" }
}

/// What a WebSocket accepts.
public struct WebSocketLimits: Hashable, Sendable {
  /// The largest message, in bytes as they came (before decompression); 1 MiB. Nil: no limit, for readers that take a
  /// message in pieces.
  public var maximumMessageSize: Int? = 1 << 20
  /// How many frames in a row may carry nothing: pings, pongs, empty fragments; 1,000. Data in between starts anew.
  public var maximumEmptyFrames = 1000

  /// The limits with their defaults.
  public init() {}
}
