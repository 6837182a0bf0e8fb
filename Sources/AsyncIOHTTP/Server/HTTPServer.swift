// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
public import AsyncIOCore

/// What a server does with a request: it reads it, and answers.
public typealias HTTPHandler = @Sendable @isolated(any) (HTTPServerRequest, HTTPServerResponse) async throws -> Void

/// An HTTP server that accepts connections; `startHTTPServer` makes one. uvicorn's `Server`, aiohttp's `AppRunner`.
///
/// ```swift
/// let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { request, response in
///   try await response.send("hello \(request.path)\n")
/// }
/// print("http://127.0.0.1:\(server.port)/")
/// try await server.serveForever(drain: .seconds(10), stopsOn: [.terminate])
/// ```
///
/// Dropping the last reference to a server does not stop it: `close()` does, and `shutdown(drain:)` lets its requests
/// finish. All members may be used from any thread.
public final class HTTPServer: Sendable {
  private let server: Server
  private let core: HTTPServerCore

  init(_ server: Server, _ core: HTTPServerCore) {
    self.server = server
    self.core = core
  }

  /// The addresses that the server listens at, with the ports that the system chose.
  public var addresses: [SocketAddress] { server.addresses }
  /// The port of the first address.
  public var port: UInt16 { server.port }
  /// Whether it accepts connections.
  public var isServing: Bool { server.isServing }

  /// Begins to accept connections, on a server whose options say `startServing: false`. See `Server.startServing`.
  public nonisolated(nonsending) func startServing() async throws { try await server.startServing() }

  /// Stops listening; connections that were accepted go on.
  public func close() { server.close() }

  /// Waits until the server was closed and all of its connections are gone.
  public nonisolated(nonsending) func waitClosed() async throws { try await server.waitClosed() }

  /// Ends the server, and lets requests finish for so long.
  ///
  /// ```swift
  /// let server = try await startHTTPServer(port: 8080) { request, response in try await response.send("hello\n") }
  /// print(await server.shutdown(drain: .seconds(10)))  // 3 connections drained, 0 aborted
  /// ```
  ///
  /// It stops listening at once, and idle connections close at once. A request that has arrived is answered; the answer
  /// says `Connection: close`. A handler that streams can see it (`HTTPServerResponse.isServerShuttingDown`), and event
  /// streams end by themselves. What is left after the time is reset, and its handlers are cancelled.
  ///
  /// **Cancellation** ends the time at once: the rest is reset.
  @discardableResult
  public nonisolated(nonsending) func shutdown(drain: Duration) async -> ShutdownSummary {
    await server.shutdown(drain: drain)
  }

  /// Serves until the task is cancelled, then shuts down as `shutdown(drain:)` does, and throws `CancellationError`.
  public nonisolated(nonsending) func serveForever(drain: Duration = .seconds(10)) async throws {
    try await server.serveForever(drain: drain)
  }

  /// The same, and also returns when one of the signals has come and the requests are done; see
  /// `Server.serveForever(drain:stopsOn:)`.
  public nonisolated(nonsending) func serveForever(
    drain: Duration = .seconds(10), stopsOn signals: Set<Signal>
  ) async throws {
    try await server.serveForever(drain: drain, stopsOn: signals)
  }

  /// What it has done so far and holds now, of all loops.
  ///
  /// - Throws: `EventLoopError.closed` if a loop of the server has ended.
  public var statistics: HTTPServerStatistics {
    get async throws {
      var sum = HTTPServerStatistics()
      sum.connections = try await server.statistics
      for part in core.parts {
        if part.loop.isClosed { throw EventLoopError.closed }
        let counts = part.loop.isCurrent(for: #isolation) ? part.counts : await part.loop.anchor.run { part.counts }
        sum.add(counts)
      }
      return sum
    }
  }

  /// The connections that are open now, of all loops, and what each waits for.
  public var connections: [ServerConnection] {
    get async throws { try await server.connections }
  }
}
