// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec

/// Sends a request with the client that every loop has: the shortest way to a page.
///
/// ```swift
/// let response = try await fetch("http://127.0.0.1:8080/")
/// print(response.status, response.fields["content-type"] ?? "", try await response.text())
/// ```
///
/// Connections are kept for the next request to the same origin, at most 100 for each; `HTTPClient` has the settings.
///
/// - Parameters:
///   - url: An absolute http or https URL; `HTTPURL.encoding` helps with text that people typed.
///   - fields: Further fields of the request.
///   - timeouts: nil for the defaults: 10 s to connect, 60 s without a byte, 5 min in all.
/// - Throws: `HTTPError`; a response with any status is no error. `CancellationError` if the task is cancelled; the
///   connection is closed then.
public nonisolated(nonsending) func fetch(
  _ url: String, method: HTTPMethod = .get, fields: HTTPFields = HTTPFields(), body: [UInt8]? = nil,
  timeouts: HTTPTimeouts? = nil
) async throws -> HTTPResponse {
  if let loop = EventLoop.onThisThread(for: #isolation) {
    return try await HTTPClient.shared(on: loop).request(method, url, fields: fields, body: body, timeouts: timeouts)
  }
  let loop = try EventLoop.currentOrStarted()
  return try await loop.anchor.run {
    try await HTTPClient.shared(on: loop).request(method, url, fields: fields, body: body, timeouts: timeouts)
  }
}
