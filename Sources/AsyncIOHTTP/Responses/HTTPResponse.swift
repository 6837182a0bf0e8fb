// SPDX-License-Identifier: Apache-2.0

import AsyncIO
public import HTTP1Codec

/// A response: its head, and its body as it arrives.
///
/// ```swift
/// let response = try await fetch("http://127.0.0.1:8080/log")
/// guard response.status == 200 else { return print(response.status, response.reason) }
/// for try await piece in response.body { print(piece.count, "bytes") }
/// ```
///
/// Read the body to its end, and the connection serves the next request. Bodies that had arrived together with their head
/// need no reading. Of a response that is dropped before its end the rest is received and thrown away if it is short, see
/// `HTTPClient.Configuration.unreadBodyTimeLimit`; else its connection is closed, and what was not sent yet of a large
/// request is not sent.
public struct HTTPResponse: Sendable {
  /// Where the response came from, after redirects.
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
  /// The reason phrase, for people only; maybe empty.
  public var reason: String { head.reason }
  /// The field lines, in the order in which they came.
  public var fields: HTTPFields { head.fields }
  public var version: HTTP1Version { head.version }

  /// The length of the body if the head says it.
  public var contentLength: Int? {
    if case .contentLength(let length) = head.framing { length } else { nil }
  }

  /// Reads the body to its end, or what is left of it, and returns it.
  ///
  /// - Parameter limit: How many bytes to accept; 64 MiB.
  /// - Throws: `HTTPError`, among its kinds `bodyTooLarge`: then the connection is closed and the body is lost.
  ///   `CancellationError` if the task is cancelled; what was read by this call is lost.
  public nonisolated(nonsending) func bytes(upTo limit: Int = 64 * 1024 * 1024) async throws -> [UInt8] {
    try await body.bytes(upTo: limit)
  }

  /// As `bytes(upTo:)`, decoded as UTF-8, with U+FFFD for what isn't.
  ///
  /// ```swift
  /// let text = try await fetch("http://127.0.0.1:8080/robots.txt").text(upTo: 500_000)
  /// ```
  public nonisolated(nonsending) func text(upTo limit: Int = 64 * 1024 * 1024) async throws -> String {
    String(decoding: try await body.bytes(upTo: limit), as: UTF8.self)
  }
}
