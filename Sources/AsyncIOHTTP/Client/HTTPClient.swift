// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
public import HTTP1Codec
import Synchronization

/// An HTTP/1.1 client that reuses its connections; the counterpart of aiohttp's `ClientSession`.
///
/// ```swift
/// let client = HTTPClient()
/// let response = try await client.get("http://127.0.0.1:8080/pages?n=1")
/// print(response.status, try await response.text())
/// ```
///
/// A client belongs to the loop it is first used on, and works from anywhere: called off that loop, a method hops there
/// and back. When that loop has ended, the client moves to the loop of its next use. Dropping the client closes its
/// idle connections; responses in progress continue.
///
/// The client follows redirects, as `HTTPRedirectPolicy` says. A reused connection may turn out to be closed by the
/// server. Then the client sends the request once more on a new connection, if its method is idempotent (RFC 9110
/// section 9.2.2).
///
/// **Cancellation** of a request throws `CancellationError` and closes its connection.
public final class HTTPClient: Sendable {
  /// The settings it was made with.
  public let configuration: Configuration
  private let home = Mutex<ClientCore?>(nil)

  /// Makes a client; connections are opened by requests.
  public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

  /// The client that `fetch` uses on this loop.
  static func shared(on loop: EventLoop) -> HTTPClient {
    loop.attachment { HTTPClient() }
  }

  /// Sends a request and waits for the head of its response; the body is read from the response.
  ///
  /// ```swift
  /// let url = try HTTPURL("http://127.0.0.1:8080/notes")
  /// let response = try await HTTPClient().request(
  ///   .post, url, fields: ["content-type": "text/plain"], body: Array("hello".utf8))
  /// ```
  ///
  /// Returns when the head of the response is there. A server may answer before it has the whole body. Then this
  /// returns once everything is sent, or at once if the status is 300 or more, which ends the upload. If a long
  /// response arrives during the upload, this returns early, and the program must read the body for the upload to
  /// proceed.
  ///
  /// - Parameters:
  ///   - fields: These take precedence over those of the configuration. The client sets Host, Content-Length and
  ///     Transfer-Encoding.
  ///   - body: nil for none. It is kept until the response arrives, since it may have to be sent again.
  ///   - timeouts: nil for those of the configuration.
  /// - Throws: `HTTPError`; a status is never an error. `CancellationError` if the task is cancelled.
  public nonisolated(nonsending) func request(
    _ method: HTTPMethod, _ url: HTTPURL, fields: HTTPFields = HTTPFields(), body: [UInt8]? = nil,
    timeouts: HTTPTimeouts? = nil
  ) async throws -> HTTPResponse {
    let core = core
    if core.loop.isCurrent(for: #isolation) { return try await core.perform(method, url, fields, body, timeouts) }
    return try await core.loop.anchor.run { try await core.perform(method, url, fields, body, timeouts) }
  }

  /// Sends a request to a URL given as text; see `request` with an `HTTPURL`. Throws `HTTPError` if the text isn't a
  /// URL.
  public nonisolated(nonsending) func request(
    _ method: HTTPMethod, _ url: String, fields: HTTPFields = HTTPFields(), body: [UInt8]? = nil,
    timeouts: HTTPTimeouts? = nil
  ) async throws -> HTTPResponse {
    let parsed: HTTPURL
    do {
      parsed = try HTTPURL(url)
    } catch {
      throw HTTPError(method, url, .invalidURL(error))
    }
    return try await request(method, parsed, fields: fields, body: body, timeouts: timeouts)
  }

  /// Gets a resource; short for `request(.get, …)`.
  ///
  /// ```swift
  /// let page = try await HTTPClient().get("http://127.0.0.1:8080/").bytes(upTo: 1_000_000)
  /// ```
  public nonisolated(nonsending) func get(
    _ url: String, fields: HTTPFields = HTTPFields(), timeouts: HTTPTimeouts? = nil
  ) async throws -> HTTPResponse {
    try await request(.get, url, fields: fields, timeouts: timeouts)
  }

  /// Gets a resource; short for `request(.get, …)`.
  public nonisolated(nonsending) func get(
    _ url: HTTPURL, fields: HTTPFields = HTTPFields(), timeouts: HTTPTimeouts? = nil
  ) async throws -> HTTPResponse {
    try await request(.get, url, fields: fields, timeouts: timeouts)
  }

  /// Closes the connections that no request uses at this moment. Callable from any thread.
  public func closeIdleConnections() {
    guard let core = home.withLock({ $0 }), !core.loop.isClosed else { return }
    if core.loop.isCurrent {
      core.closeIdleConnections()
    } else {
      core.loop.postFromAnywhere { _ in core.closeIdleConnections() }
    }
  }

  private var core: ClientCore {
    home.withLock { core in
      if let core, !core.loop.isClosed { return core }
      let new = ClientCore(loop: .current, configuration: configuration)
      core = new
      return new
    }
  }
}
