// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec

/// The response that a handler gives: once, whole or as a stream.
///
/// ```swift
/// try await serveHTTP(port: 8080) { request, response in
///   switch request.path {
///   case "/": try await response.send("hello\n")
///   case "/data": try await response.send([1, 2, 3], contentType: "application/octet-stream")
///   default: try await response.send("not found\n", status: 404)
///   }
/// }
/// ```
///
/// The server writes what belongs to the connection: Content-Length, Transfer-Encoding, Connection and Date. A
/// handler's names and values can't begin another line: they are checked.
///
/// A response belongs to its connection's loop and works from anywhere, until the handler returns.
public struct HTTPServerResponse: Sendable {
  let connection: HTTP1ServerConnection
  let number: Int

  @inline(__always)
  init(_ connection: HTTP1ServerConnection, _ number: Int) {
    self.connection = connection
    self.number = number
  }

  // MARK: - Whole

  /// Answers with a text in UTF-8, in one write.
  ///
  /// - Parameters:
  ///   - contentType: The value of Content-Type; nil for `text/plain; charset=utf-8`, or what is among the fields.
  ///   - fields: Further fields.
  /// - Throws: `HTTPServerError` if the request was answered already; `HTTP1Error` if the status or a field can't be
  ///   sent, in which case nothing was; `SystemError` if the connection was lost.
  ///
  /// **Cancellation** throws while the client takes a long text slowly; the text was taken, and is sent.
  public nonisolated(nonsending) func send(
    _ text: String, status: Int = 200, contentType: String? = nil, fields: HTTPFields = HTTPFields()
  ) async throws {
    guard connection.handle.isCurrent(for: #isolation) else {
      let (connection, number) = (connection, number)
      return try await connection.onLoop {
        if try connection.answer(number, text: text, status, contentType, fields) {
          try await connection.transport.waitForRoom()
        }
      }
    }
    if try connection.answer(number, text: text, status, contentType, fields) {
      try await connection.transport.waitForRoom()
    }
  }

  /// Answers with bytes, in one write.
  ///
  /// - Parameters:
  ///   - contentType: The value of Content-Type; nil for what is among the fields, or none.
  ///   - fields: Further fields.
  /// - Throws: As `send(_:status:contentType:fields:)` with a text.
  public nonisolated(nonsending) func send(
    _ bytes: [UInt8], status: Int = 200, contentType: String? = nil, fields: HTTPFields = HTTPFields()
  ) async throws {
    guard connection.handle.isCurrent(for: #isolation) else {
      let (connection, number) = (connection, number)
      return try await connection.onLoop {
        if try connection.answer(number, bytes: bytes, status, contentType, fields) {
          try await connection.transport.waitForRoom()
        }
      }
    }
    if try connection.answer(number, bytes: bytes, status, contentType, fields) {
      try await connection.transport.waitForRoom()
    }
  }

  /// Answers without a body.
  ///
  /// ```swift
  /// func moved(_ response: HTTPServerResponse) async throws {
  ///   try await response.send(status: 308, fields: ["location": "/new"])
  /// }
  /// ```
  ///
  /// - Throws: As `send(_:status:contentType:fields:)`.
  public nonisolated(nonsending) func send(status: Int, fields: HTTPFields = HTTPFields()) async throws {
    try await send([], status: status, fields: fields)
  }

  /// Sends an informational response before the answer, such as `103 Early Hints`. An HTTP/1.0 client gets none.
  ///
  /// ```swift
  /// func hinted(_ response: HTTPServerResponse) async throws {
  ///   try await response.sendInformational(103, fields: ["link": "</style.css>; rel=preload; as=style"])
  ///   try await response.send("<link rel=stylesheet href=/style.css>", contentType: "text/html")
  /// }
  /// ```
  ///
  /// - Parameter status: 102 to 199.
  public nonisolated(nonsending) func sendInformational(_ status: Int, fields: HTTPFields = HTTPFields()) async throws {
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) {
      return try connection.inform(number, status, fields)
    }
    try await connection.onLoop { try connection.inform(number, status, fields) }
  }

  // MARK: - Before the answer

  /// Sets a field of the answer that is still to come, also of a 500. Fields of the answer itself take precedence.
  /// On the connection's loop.
  ///
  /// ```swift
  /// func guarded(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
  ///   try response.setField("x-frame-options", "DENY")
  ///   try await page(request, response)
  /// }
  /// ```
  ///
  /// - Throws: `HTTP1Error` if the name is not a token, or the value has a control character.
  public func setField(_ name: String, _ value: String) throws {
    try connection.expectUnanswered(number)
    var fields = connection.extraFields ?? HTTPFields()
    try fields.set(name, to: value)
    connection.extraFields = fields
  }

  /// Whether the request was answered, or its answer has begun. On the connection's loop.
  public var hasBegun: Bool { connection.number != number || connection.answer != .none }

  /// Whether the server shuts down. A handler that streams for long should come to an end: it is cancelled when the
  /// time is over. On the connection's loop.
  public var isServerShuttingDown: Bool { connection.transport.isServerShuttingDown }
}

extension HTTP1ServerConnection {
  // Never inlined: their values would be in the frame of an async function, which is memory of the connection's task.

  @inline(never)
  fileprivate func answer(
    _ number: Int, text: String, _ status: Int, _ contentType: String?, _ fields: HTTPFields
  ) throws -> Bool {
    var text = text
    return try text.withUTF8 {
      try answer(number, status, fields, contentType, isText: true, UnsafeRawBufferPointer($0))
    }
  }

  @inline(never)
  fileprivate func answer(
    _ number: Int, bytes: [UInt8], _ status: Int, _ contentType: String?, _ fields: HTTPFields
  ) throws -> Bool {
    if bytes.count >= Self.largeBody { return try answer(number, status, fields, contentType, large: bytes) }
    return try bytes.withUnsafeBytes { try answer(number, status, fields, contentType, isText: false, $0) }
  }

  @inline(never)
  fileprivate func inform(_ number: Int, _ status: Int, _ fields: HTTPFields) throws {
    try expectUnanswered(number)
    guard let head, head.version == .http1_1 else { return }
    if held.isEmpty { held = server.takeBuffer() }
    try HTTP1MessageWriter.informational(status: status, fields: fields, into: &held)
    _ = try send()
  }
}
