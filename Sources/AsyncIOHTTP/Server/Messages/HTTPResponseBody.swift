// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec

extension HTTPServerResponse {
  /// Answers with a body that is made while it is sent.
  ///
  /// ```swift
  /// func count(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
  ///   try await response.stream(contentType: "text/plain") { body in
  ///     for number in 1...1000 { try await body.write("\(number)\n") }
  ///   }
  /// }
  /// ```
  ///
  /// Without a `contentLength` the body goes in chunks, or to an HTTP/1.0 client until the connection's end. The head
  /// leaves with the first piece, or with the end of the turn. After HEAD, and with the status 204 or 304, the closure
  /// isn't called.
  ///
  /// If the closure throws, the response is not completed: the connection is reset, so that the client doesn't take the
  /// part for the whole. If nothing had left yet, the client gets what a handler that throws gives.
  ///
  /// - Parameters:
  ///   - contentLength: The length of the body, if it is known. The closure must write just so many bytes.
  ///   - body: Writes the body.
  /// - Throws: What the closure throws, and what `send` throws. `HTTP1Error` (`bodyShorterThanDeclared`,
  ///   `bodyLongerThanDeclared`) if the length was wrong.
  public nonisolated(nonsending) func stream(
    status: Int = 200, contentType: String? = nil, fields: HTTPFields = HTTPFields(), contentLength: Int? = nil,
    _ body: nonisolated(nonsending) (HTTPResponseBody) async throws -> Void
  ) async throws {
    let (connection, number) = (connection, number)
    let isWanted: Bool
    if connection.handle.isCurrent(for: #isolation) {
      isWanted = try connection.beginStreaming(number, status, fields, contentType, contentLength)
    } else {
      isWanted = try await connection.onLoop {
        try connection.beginStreaming(number, status, fields, contentType, contentLength)
      }
    }
    guard isWanted else { return }
    let writer = HTTPResponseBody(connection, number)
    do { try await body(writer) } catch {
      if connection.handle.isCurrent {
        connection.breakOff(number)
      } else {
        try? await connection.onLoop { connection.breakOff(number) }
      }
      throw error
    }
    try await writer.end()
  }
}

/// The body of a response while it is sent; see `HTTPServerResponse.stream`.
///
/// Every write returns when its bytes may be forgotten: at once as a rule, and for a client that reads slowly when no
/// more than 64 KiB are left to send.
///
/// **Cancellation** of a write throws `CancellationError` while it waits; the bytes were taken, and are sent.
public struct HTTPResponseBody: Sendable {
  let connection: HTTP1ServerConnection
  let number: Int

  init(_ connection: HTTP1ServerConnection, _ number: Int) {
    self.connection = connection
    self.number = number
  }

  /// Writes a piece, as a chunk of its own where the body goes in chunks. An empty one writes nothing.
  ///
  /// - Throws: `SystemError` if the connection was lost; `HTTPServerError` with the reason `clientTooSlow` if the
  ///   client took too little for too long; `HTTP1Error` if the body would be longer than announced.
  public nonisolated(nonsending) func write(_ piece: [UInt8]) async throws {
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) { return try await connection.write(number, piece) }
    try await connection.onLoop { try await connection.write(number, piece) }
  }

  /// Writes a text in UTF-8.
  ///
  /// - Throws: As `write(_:)` with bytes.
  public nonisolated(nonsending) func write(_ text: String) async throws { try await write(Array(text.utf8)) }

  /// Ends the body with trailer fields; `stream` does so without them. Trailers need chunks: with a `contentLength`,
  /// and to an HTTP/1.0 client, they are left out.
  ///
  /// ```swift
  /// func log(_ response: HTTPServerResponse) async throws {
  ///   try await response.stream(fields: ["trailer": "x-lines"]) { body in
  ///     try await body.write("one\ntwo\n")
  ///     try await body.end(trailers: ["x-lines": "2"])
  ///   }
  /// }
  /// ```
  public nonisolated(nonsending) func end(trailers: HTTPFields = HTTPFields()) async throws {
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) { return try await connection.end(number, trailers) }
    try await connection.onLoop { try await connection.end(number, trailers) }
  }

  /// Whether the server shuts down; see `HTTPServerResponse.isServerShuttingDown`. On the connection's loop.
  public var isServerShuttingDown: Bool { connection.transport.isServerShuttingDown }
}

extension HTTP1ServerConnection {
  fileprivate nonisolated(nonsending) func write(_ number: Int, _ piece: [UInt8]) async throws {
    try await transport.loop.spendBudget()
    let waits =
      piece.count >= Self.largeBody
      ? try sendPiece(number, large: piece) : try piece.withUnsafeBytes { try sendPiece(number, $0) }
    if waits { try await transport.waitForRoom() }
  }

  fileprivate nonisolated(nonsending) func end(_ number: Int, _ trailers: HTTPFields) async throws {
    if try endStreaming(number, trailers: trailers) { try await transport.waitForRoom() }
  }

  fileprivate func breakOff(_ number: Int) {
    if isInExchange && number == self.number { breakOff() }
  }
}
