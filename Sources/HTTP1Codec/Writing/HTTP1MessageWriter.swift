// SPDX-License-Identifier: Apache-2.0
// The writer owns everything that says where a message ends: the framing fields, the chunk lines, and the count of the
// bytes promised. A caller cannot send two framings, or a body of another length than announced. Either would smuggle a
// message to the recipient.

/// Writes one HTTP/1.1 message into byte buffers: the head when the writer is made, then the body and the end.
///
/// Make one with ``request(_:target:host:fields:framing:into:)`` or
/// ``response(status:reason:fields:framing:answering:version:keepsConnectionAlive:into:)``.
///
/// ```swift
/// var bytes: [UInt8] = []
/// var writer = try HTTP1MessageWriter.request(
///   .post, target: "/notes", host: "example.org", fields: ["content-type": "text/plain"], framing: .chunked,
///   into: &bytes)
/// try writer.write(Array("hello".utf8), into: &bytes)
/// try writer.end(into: &bytes)
/// ```
public struct HTTP1MessageWriter: Sendable {
  let message: HTTP1Error.Message
  /// How the body is delimited on the wire. It may differ from the framing asked for: an HTTP/1.0 client gets no
  /// chunks.
  public let framing: HTTP1BodyFraming
  /// Whether the connection may carry another message after this one.
  public let keepsConnectionAlive: Bool
  /// Whether the head describes a body that is not sent: the response to HEAD, or a 304. Then pieces are accepted and
  /// dropped.
  public let omitsBody: Bool
  private var remaining: Int
  /// Whether `end` was called and the message is complete.
  public private(set) var hasEnded = false

  init(
    _ message: HTTP1Error.Message, framing: HTTP1BodyFraming, keepsConnectionAlive: Bool, omitsBody: Bool
  ) {
    self.message = message
    self.framing = framing
    self.keepsConnectionAlive = keepsConnectionAlive
    self.omitsBody = omitsBody
    remaining = if case .contentLength(let length) = framing { length } else { 0 }
  }

  /// Appends a piece of the body, copying it. An empty piece writes nothing.
  ///
  /// - Throws: `HTTP1Error` (`bodyNotAllowed`, `bodyLongerThanDeclared`, `writtenAfterEnd`); then nothing was appended.
  public mutating func write(_ piece: RawSpan, into buffer: inout [UInt8]) throws(HTTP1Error) {
    try beginPiece(of: piece.byteCount, into: &buffer)
    guard piece.byteCount > 0, !omitsBody else { return }
    piece.withUnsafeBytes { buffer.append(contentsOf: $0) }
    endPiece(into: &buffer)
  }

  /// Appends a piece of the body, copying it. An empty piece writes nothing.
  ///
  /// - Throws: `HTTP1Error`; see `write(_:into:)` with a `RawSpan`.
  public mutating func write(_ piece: [UInt8], into buffer: inout [UInt8]) throws(HTTP1Error) {
    try write(piece.span.bytes, into: &buffer)
  }

  /// Appends the bytes before a piece of `count` bytes that the caller sends itself, without a copy.
  /// ``endPiece(into:)`` then appends those after it. Do not send the piece if ``omitsBody`` is true, nor an empty one.
  ///
  /// - Throws: `HTTP1Error` (`bodyNotAllowed`, `bodyLongerThanDeclared`, `writtenAfterEnd`); then nothing was appended.
  public mutating func beginPiece(of count: Int, into buffer: inout [UInt8]) throws(HTTP1Error) {
    precondition(count >= 0, "beginPiece: negative count")
    if hasEnded { throw HTTP1Error(message, .writtenAfterEnd) }
    switch framing {
    case .none:
      if count > 0 { throw HTTP1Error(message, .bodyNotAllowed) }
    case .contentLength:
      if count > remaining { throw HTTP1Error(message, .bodyLongerThanDeclared) }
      remaining -= count
    case .chunked:
      // A chunk of size 0 would end the body.
      guard count > 0, !omitsBody else { return }
      buffer.append(number: count, radix: 16)
      buffer.append(ASCII.cr)
      buffer.append(ASCII.lf)
    case .untilClose:
      return
    }
  }

  /// Appends the bytes after a non-empty piece that ``beginPiece(of:into:)`` began.
  public func endPiece(into buffer: inout [UInt8]) {
    guard framing == .chunked, !omitsBody else { return }
    buffer.append(ASCII.cr)
    buffer.append(ASCII.lf)
  }

  /// Ends the message, with trailers if it is chunked.
  ///
  /// - Throws: `HTTP1Error` (`bodyShorterThanDeclared`, `trailersNotAllowed`, `framingFieldInFields`,
  ///   `writtenAfterEnd`); then nothing was appended and the connection must be closed, because the peer still waits.
  public mutating func end(trailers: HTTPFields = HTTPFields(), into buffer: inout [UInt8]) throws(HTTP1Error) {
    if hasEnded { throw HTTP1Error(message, .writtenAfterEnd) }
    if framing != .chunked, !trailers.isEmpty { throw HTTP1Error(message, .trailersNotAllowed) }
    if remaining > 0, !omitsBody { throw HTTP1Error(message, .bodyShorterThanDeclared) }
    try Self.check(trailers, of: message)
    hasEnded = true
    guard framing == .chunked, !omitsBody else { return }
    buffer.append(text: "0\r\n")
    Self.append(trailers, into: &buffer)
    buffer.append(ASCII.cr)
    buffer.append(ASCII.lf)
  }
}
