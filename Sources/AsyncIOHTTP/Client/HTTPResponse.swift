// SPDX-License-Identifier: Apache-2.0

import AsyncIO
public import HTTP1Codec

/// A response: its head, and its body as the body arrives.
///
/// ```swift
/// let response = try await fetch("http://127.0.0.1:8080/log")
/// guard response.status == 200 else { return print(response.status, response.reason) }
/// for try await piece in response.body { print(piece.count, "bytes") }
/// ```
///
/// Read the body to its end, so that the connection serves the next request. A body that arrived together with its head
/// needs no reading. When a response is dropped before its end, a short rest is received and discarded, see
/// `HTTPClient.Configuration.unreadBodyTimeLimit`. Otherwise its connection is closed, and the unsent rest of a large
/// request is not sent.
public struct HTTPResponse: Sendable {
  /// The URL that the response came from, after redirects.
  public let url: HTTPURL
  private let head: HTTP1ResponseHead
  /// The body, as a sequence of pieces.
  public let body: HTTPBody

  init(head: HTTP1ResponseHead, request: Request, connection: HTTPConnection, pool: OriginPool) {
    url = request.url
    self.head = head
    body = HTTPBody(head: head, request: request, connection: connection, pool: pool)
  }

  /// The status code, 100 to 999.
  public var status: Int { head.status }
  /// The reason phrase, for people only; it may be empty.
  public var reason: String { head.reason }
  /// The field lines in the order of their arrival.
  public var fields: HTTPFields { head.fields }
  /// The server's version of HTTP.
  public var version: HTTP1Version { head.version }

  /// The length of the body if the head states it.
  public var contentLength: Int? {
    if case .contentLength(let length) = head.framing { length } else { nil }
  }

  /// Reads the rest of the body to its end and returns it.
  ///
  /// - Parameter limit: The most bytes to accept; 64 MiB.
  /// - Throws: `HTTPError`. With the kind `bodyTooLarge`, the connection is closed and the body is lost.
  ///   `CancellationError` if the task is cancelled; what this call has read is lost then.
  public nonisolated(nonsending) func bytes(upTo limit: Int = 64 * 1024 * 1024) async throws -> [UInt8] {
    try await body.bytes(upTo: limit)
  }

  /// Reads the rest of the body like `bytes(upTo:)`, and decodes it as UTF-8; invalid bytes become U+FFFD.
  ///
  /// ```swift
  /// let text = try await fetch("http://127.0.0.1:8080/robots.txt").text(upTo: 500_000)
  /// ```
  public nonisolated(nonsending) func text(upTo limit: Int = 64 * 1024 * 1024) async throws -> String {
    String(decoding: try await body.bytes(upTo: limit), as: UTF8.self)
  }
}
