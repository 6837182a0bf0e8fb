// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec

/// Sends a request with the loop's own client: the shortest way to a page.
///
/// ```swift
/// let response = try await fetch("http://127.0.0.1:8080/")
/// print(response.status, response.fields["content-type"] ?? "", try await response.text())
/// ```
///
/// Connections stay open for the next request to their origin, at most 100 per origin. `HTTPClient` has the settings.
///
/// - Parameters:
///   - url: An absolute http or https URL; `HTTPURL.encoding` helps with text that people typed.
///   - fields: Further fields of the request.
///   - timeouts: nil for the defaults: 10 s to connect, 60 s without a byte, 5 min in all.
/// - Throws: `HTTPError`; a status is never an error. `CancellationError` if the task is cancelled; the connection is
///   closed then.
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
