// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec

/// The body of a request, as the pieces in which it arrives. It can be read once; a second iteration continues where
/// the first one stopped. The client has to wait while the handler does not read.
///
/// ```swift
/// func count(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
///   var count = 0
///   for try await piece in request.body { count += piece.count }
///   try await response.send("\(count) bytes\n")
/// }
/// ```
///
/// Reading throws `HTTPServerError` if the body is larger than its limit, comes too slowly, is incomplete or malformed;
/// `SystemError` if the connection was lost. A handler that lets these pass needs to do nothing else: the server
/// refuses the request.
///
/// **Cancellation** throws `CancellationError` and loses no data: the rest can still be read.
public struct HTTPRequestBody: AsyncSequence, Sendable {
  /// A piece of the body.
  public typealias Element = [UInt8]

  private let request: HTTPServerRequest

  init(_ request: HTTPServerRequest) { self.request = request }

  /// Makes an iterator that continues where the last one stopped.
  public func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  /// Pulls the pieces.
  public struct Iterator: AsyncIteratorProtocol {
    let body: HTTPRequestBody

    /// The next piece, or nil at the end.
    public mutating func next() async throws -> [UInt8]? { try await body.next() }

    /// The next piece, or nil at the end.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
      try await body.next()
    }
  }

  private nonisolated(nonsending) func next() async throws -> [UInt8]? {
    var piece: [UInt8] = []
    return try await read(into: &piece) > 0 ? piece : nil
  }

  /// Waits for a piece of the body and puts it into an array instead of what that held. The array's memory is used
  /// again.
  ///
  /// ```swift
  /// func discard(_ request: HTTPServerRequest) async throws {
  ///   var piece: [UInt8] = []
  ///   while try await request.body.read(into: &piece) > 0 {}
  /// }
  /// ```
  ///
  /// - Returns: The number of bytes; 0 at the end.
  public nonisolated(nonsending) func read(into piece: inout [UInt8]) async throws -> Int {
    piece.removeAll(keepingCapacity: true)
    let (connection, number) = (request.connection, request.number)
    if connection.handle.isCurrent(for: #isolation) {
      _ = try await connection.readBody(number, into: &piece)
    } else {
      piece = try await connection.onLoop {
        var piece: [UInt8] = []
        _ = try await connection.readBody(number, into: &piece)
        return piece
      }
    }
    return piece.count
  }

  /// Reads the rest of the body.
  ///
  /// - Parameter limit: The most bytes to accept here; nil for the limit of the server (`HTTPServerLimits.bodySize`, or
  ///   `HTTPServerRequest.allowBody`).
  /// - Throws: `HTTPServerError` with the reason `bodyTooLarge` if there are more: the server then answers 413.
  public nonisolated(nonsending) func bytes(upTo limit: Int? = nil) async throws -> [UInt8] {
    let (connection, number) = (request.connection, request.number)
    if connection.handle.isCurrent(for: #isolation) { return try await connection.readAll(number, limit) }
    return try await connection.onLoop { try await connection.readAll(number, limit) }
  }

  /// Reads the rest of the body and decodes it as UTF-8; invalid bytes become U+FFFD.
  ///
  /// - Throws: As `bytes(upTo:)`.
  public nonisolated(nonsending) func text(upTo limit: Int? = nil) async throws -> String {
    String(decoding: try await bytes(upTo: limit), as: UTF8.self)
  }

  /// The trailer fields, once the body was read to its end; nil before, and without any. On the connection's
  /// loop.
  ///
  /// Don't take them for fields of the head unread (RFC 9110 section 6.5.1).
  public var trailers: HTTPFields? { request.connection.trailers }
}

extension HTTP1ServerConnection {
  fileprivate nonisolated(nonsending) func readAll(_ number: Int, _ limit: Int?) async throws -> [UInt8] {
    try expectExchange(number)
    if let limit, !hasBegunBody, bodyLimit.map({ limit < $0 }) ?? true { bodyLimit = limit }
    var bytes: [UInt8] = []
    if case .contentLength(let length)? = head?.framing { bytes.reserveCapacity(min(length - bodyCount, 1 << 20)) }
    while try await readBody(number, into: &bytes) {
      if let limit, bytes.count > limit {
        keepsAlive = false
        throw HTTPServerError(.bodyTooLarge(limit: limit), requestName)
      }
    }
    return bytes
  }

  /// Runs the body on the connection's loop.
  nonisolated(nonsending) func onLoop<Result: Sendable>(
    _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    let loop = transport.loop
    if loop.isClosed { throw EventLoopError.closed }
    return try await loop.anchor.run { try await body() }
  }
}
