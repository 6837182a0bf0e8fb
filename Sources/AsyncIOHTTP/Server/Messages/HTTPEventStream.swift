// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec

extension HTTPServerResponse {
  /// Answers with an event stream (server-sent events), which a browser reads with `EventSource`.
  ///
  /// ```swift
  /// try await serveHTTP(port: 8080) { request, response in
  ///   var number = request.lastEventID.flatMap { Int($0) } ?? 0
  ///   try await response.events { events in
  ///     while true {
  ///       number += 1
  ///       try await events.send("tick \(number)", id: "\(number)")
  ///       try await sleep(.seconds(1))
  ///     }
  ///   }
  /// }
  /// ```
  ///
  /// The closure is cancelled when the reader ends its stream, and when the server begins to shut down; the stream then
  /// ends properly, and this returns. A client that connects again says where it was (`HTTPServerRequest.lastEventID`).
  ///
  /// - Parameters:
  ///   - keepAlive: After so much silence a comment is sent, so that proxies keep the connection; nil for never. 15 s.
  ///   - fields: Further fields. Without others, `Cache-Control: no-cache` and `X-Accel-Buffering: no` are sent.
  ///   - body: Sends the events.
  /// - Throws: What the closure throws, except that cancellation; `SystemError` if the connection was lost.
  ///
  /// **Cancellation** cancels the closure, and throws `CancellationError`.
  public nonisolated(nonsending) func events(
    keepAlive: Duration? = .seconds(15), fields: HTTPFields = HTTPFields(),
    _ body: nonisolated(nonsending) (HTTPEventStream) async throws -> Void
  ) async throws {
    var fields = fields
    if !fields.contains("cache-control") { try fields.append("cache-control", "no-cache") }
    if !fields.contains("x-accel-buffering") { try fields.append("x-accel-buffering", "no") }
    let (connection, number) = (connection, number)
    try await stream(contentType: "text/event-stream", fields: fields) { writer in
      _ = try await withCancelScope { scope in
        if connection.handle.isCurrent {
          try connection.beginEvents(number, scope, keepAlive: keepAlive)
        } else {
          try await connection.onLoop { try connection.beginEvents(number, scope, keepAlive: keepAlive) }
        }
        try await body(HTTPEventStream(writer))
      }
      if connection.handle.isCurrent {
        connection.endEvents()
      } else {
        try await connection.onLoop { connection.endEvents() }
      }
    }
  }

  /// Waits until the server begins to shut down: for a handler that streams, or serves an upgraded connection, and
  /// wants to say goodbye.
  ///
  /// **Cancellation** throws `CancellationError`.
  public nonisolated(nonsending) func waitForShutdown() async throws {
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) { return try await connection.waitForShutdown(number) }
    try await connection.onLoop { try await connection.waitForShutdown(number) }
  }
}

extension HTTPServerRequest {
  /// The identifier of the last event that a client of an event stream has seen, when it connects again; nil if it says
  /// none.
  public var lastEventID: String? { fields["last-event-id"] }
}

/// An event stream while it is sent; see `HTTPServerResponse.events`.
public struct HTTPEventStream: Sendable {
  private let body: HTTPResponseBody

  init(_ body: HTTPResponseBody) { self.body = body }

  /// Sends an event.
  ///
  /// - Throws: `SystemError` if the connection was lost; `CancellationError` if the reader or the server ends the
  ///   stream.
  public nonisolated(nonsending) func send(_ event: ServerSentEvent) async throws { try await write(event.bytes) }

  /// Sends an event; short for `send(ServerSentEvent(…))`.
  public nonisolated(nonsending) func send(
    _ data: String, event: String? = nil, id: String? = nil, retry: Duration? = nil
  ) async throws {
    try await send(ServerSentEvent(data, event: event, id: id, retry: retry))
  }

  /// Sends a comment, which clients ignore. A line end in it begins another comment.
  public nonisolated(nonsending) func comment(_ text: String) async throws {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    try await write(Array((lines.map { ": \($0)\n" }.joined() + "\n").utf8))
  }

  private nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws {
    try Task.checkCancellation()
    try await body.write(bytes)
    body.connection.noteEvent()
  }
}

extension HTTP1ServerConnection {
  /// Notes when an event stream has said something, for its keep-alive comments.
  fileprivate func noteEvent() {
    // Off the loop it is not noted: a comment more does no harm.
    if handle.isCurrent { endings?.lastWrite = transport.loop.time.nanoseconds }
  }
}
