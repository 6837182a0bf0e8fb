// SPDX-License-Identifier: Apache-2.0

public import AsyncIO

/// What an HTTP server has done so far; `HTTPServer.statistics`.
///
/// ```swift
/// let server = try await startHTTPServer(port: 8080) { request, response in try await response.send("hello\n") }
/// let statistics = try await server.statistics
/// print(statistics.requests, statistics.refused[431] ?? 0, statistics.connections.open)
/// ```
public struct HTTPServerStatistics: Hashable, Sendable {
  /// Requests whose head was read, and which were given to the handler.
  public var requests = 0
  /// Requests that the server refused by itself, by status: 400, 408, 413 and the like.
  public var refused: [Int: Int] = [:]
  /// Handlers that failed, or returned without an answer.
  public var failures = 0
  /// Connections that were closed because they were idle for too long.
  public var closedIdle = 0
  /// Connections that were reset because their client took a response too slowly.
  public var tooSlow = 0
  /// The connections below.
  public internal(set) var connections = ServerStatistics.none
}

/// The counts of one loop.
struct HTTPServerCounts: Sendable {
  var requests = 0
  var refused: [Int: Int] = [:]
  var failures = 0
  var closedIdle = 0
  var tooSlow = 0
}

extension HTTPServerStatistics {
  mutating func add(_ counts: HTTPServerCounts) {
    requests += counts.requests
    refused.merge(counts.refused, uniquingKeysWith: +)
    failures += counts.failures
    closedIdle += counts.closedIdle
    tooSlow += counts.tooSlow
  }
}
