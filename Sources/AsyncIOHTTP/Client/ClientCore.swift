// SPDX-License-Identifier: Apache-2.0
// A client on its loop: the pools by origin, and a request's way through redirects and stale connections.
//
// Everything here belongs to the loop's thread; HTTPClient sees to that.

import AsyncIO
import AsyncIOCore
import AsyncIOTLS
import HTTP1Codec

final class ClientCore: @unchecked Sendable {
  // Sendable: see the head of the file; `loop` and `configuration` do not change.

  let loop: EventLoop
  let configuration: HTTPClient.Configuration
  @exclusivity(unchecked) private var pools: [Origin: OriginPool] = [:]
  @exclusivity(unchecked) private var lastPool: OriginPool?

  init(loop: EventLoop, configuration: HTTPClient.Configuration) {
    self.loop = loop
    self.configuration = configuration
  }

  nonisolated(nonsending) func perform(
    _ method: HTTPMethod, _ url: HTTPURL, _ fields: HTTPFields, _ body: [UInt8]?, _ timeouts: HTTPTimeouts?
  ) async throws -> HTTPResponse {
    var request = Request(
      method: method, url: url, fields: try merge(fields, method, url), body: body,
      deadlines: Deadlines(timeouts ?? configuration.timeouts, on: loop))
    var redirects = 0
    while true {
      let response = try await send(request)
      guard Request.isRedirect(response.status), configuration.maximumRedirects > 0,
        let line = response.fields.firstIndex(of: "location"), case let location = response.fields.valueBytes(at: line),
        !location.isEmpty
      else { return response }
      redirects += 1
      if redirects > configuration.maximumRedirects {
        throw request.error(.tooManyRedirects(limit: configuration.maximumRedirects))
      }
      await response.body.discard(within: configuration.unreadBodyTimeLimit)
      try request.follow(location, status: response.status, configuration.redirects)
    }
  }

  /// Combines the request's fields with the configuration's defaults for those that the request lacks.
  private func merge(_ fields: HTTPFields, _ method: HTTPMethod, _ url: HTTPURL) throws -> HTTPFields {
    if fields.isEmpty { return configuration.fields }
    var merged = fields
    do {
      for (name, value) in configuration.fields where !fields.contains(name) { try merged.append(name, value) }
    } catch {
      throw HTTPError(method, url.description, .invalidRequest(error))
    }
    return merged
  }

  /// Sends one request and returns the head of its response.
  private nonisolated(nonsending) func send(_ request: Request) async throws -> HTTPResponse {
    switch request.url.scheme {
    case .http, .https: break
    case .ws, .wss: throw request.error(.unsupportedScheme(request.url.scheme.rawValue))
    }
    let pool = pool(for: request.url)
    var phase = HTTPError.Phase.connecting
    do {
      let connection = try await pool.acquire(request.deadlines, phase: &phase)
      if let response = try await send(request, on: connection, of: pool, phase: &phase) { return response }
      phase = .connecting
      let fresh = try await pool.connect(request.deadlines)
      guard let response = try await send(request, on: fresh, of: pool, phase: &phase) else {
        preconditionFailure("a new connection is not stale")
      }
      return response
    } catch {
      throw request.describe(error, in: phase, on: loop)
    }
  }

  /// Returns nil if the server closed the connection while it was idle and the request may be sent on another one.
  private nonisolated(nonsending) func send(
    _ request: Request, on connection: HTTPConnection, of pool: OriginPool, phase: inout HTTPError.Phase
  ) async throws -> HTTPResponse? {
    do {
      let head = try await connection.exchange(request, host: pool.authority, phase: &phase)
      if head.status == 408 && connection.isReused && !head.keepsConnectionAlive && request.method.isIdempotent {
        // The server gave up on the idle connection (408, RFC 9110 section 15.5.9), and its response crossed our
        // request.
        connection.abort()
        return nil
      }
      return HTTPResponse(head: head, request: request, connection: connection, pool: pool)
    } catch {
      connection.abort()
      let isStale = connection.isReused && !connection.hasReceived && error.isLossOfConnection
      if isStale && request.method.isIdempotent { return nil }
      pool.lost()
      throw error
    }
  }

  // MARK: - Pools

  private func pool(for url: HTTPURL) -> OriginPool {
    let origin = Origin(url)
    if let lastPool, lastPool.origin == origin { return lastPool }
    let pool = pools[origin] ?? OriginPool(url, core: self)
    pools[origin] = pool
    lastPool = pool
    return pool
  }

  /// Removes a pool that has neither connections nor waiters.
  func remove(_ pool: OriginPool) {
    if pools[pool.origin] === pool { pools[pool.origin] = nil }
    if lastPool === pool { lastPool = nil }
  }

  func closeIdleConnections() {
    for pool in Array(pools.values) { pool.closeIdle() }
  }
}

extension Error {
  /// Whether the peer closed the connection, as happens to one that was idle too long.
  fileprivate var isLossOfConnection: Bool {
    if self is SystemError || (self as? TLSError)?.kind == .truncated { return true }
    return (self as? HTTP1Error)?.kind == .endedBeforeHead
  }
}
