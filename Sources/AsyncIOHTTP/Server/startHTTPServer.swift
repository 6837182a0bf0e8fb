// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
import AsyncIOCore
import AsyncIOTLS

/// Starts an HTTP/1.1 server.
///
/// ```swift
/// let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { request, response in
///   try await response.send("hello\n")
/// }
/// ```
///
/// The handler is called for each request, in the task of its connection. It has the isolation of the place where it is
/// written: in the body of `EventLoop.run`, the main actor's; in that of `run(loops:)`, none. A handler of no actor
/// runs on every loop of `run(loops:)`.
///
/// A handler that throws before it has answered gives the client a 500 with the request's identifier, and nothing else;
/// the error goes to the loop's exception handler. When a client goes, its handler is cancelled. A client that ends
/// only its own stream gets its answer.
///
/// The server is strict (RFC 9110 and 9112): what two parsers could read differently is refused. All limits are on; see
/// `HTTPServerLimits`.
///
/// - Parameters:
///   - host: A name or a numeric address; nil for all interfaces, IPv6 and IPv4.
///   - port: 0 lets the system choose.
///   - tls: A server's `TLSConfiguration` for https. One that names no protocols offers `http/1.1` (ALPN).
/// - Throws: As `startServer`: `NameError`, `SystemError`, `TLSError`.
public nonisolated(nonsending) func startHTTPServer(
  host: String? = nil, port: UInt16, tls: (any ConnectionSecurity)? = nil,
  limits: HTTPServerLimits = HTTPServerLimits(), options: HTTPServerOptions = HTTPServerOptions(),
  file: StaticString = #fileID, line: UInt = #line, @_inheritActorContext handler: @escaping HTTPHandler
) async throws -> HTTPServer {
  try await start(.host(host, port: port), tls, limits, options, file, line, handler)
}

/// Starts an HTTP/1.1 server at an address, a Unix socket's path, or on sockets that listen already. See
/// `ListenAddress`.
///
/// ```swift
/// let server = try await startHTTPServer(at: .unix(path: "/run/app.sock")) { request, response in
///   try await response.send("hello\n")
/// }
/// ```
///
/// As `startHTTPServer(host:port:)`.
public nonisolated(nonsending) func startHTTPServer(
  at address: ListenAddress, tls: (any ConnectionSecurity)? = nil, limits: HTTPServerLimits = HTTPServerLimits(),
  options: HTTPServerOptions = HTTPServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping HTTPHandler
) async throws -> HTTPServer {
  try await start(address, tls, limits, options, file, line, handler)
}

/// Serves HTTP/1.1 until the task is cancelled, or the process gets SIGTERM. Then it stops listening, answers what it
/// was asked, and returns; uvicorn's `run`.
///
/// ```swift
/// try await serveHTTP(host: "127.0.0.1", port: 8080, drain: .seconds(20)) { request, response in
///   try await response.send("hello\n")
/// }
/// ```
///
/// As `startHTTPServer(host:port:)`.
///
/// **Cancellation**, as by Ctrl-C, shuts the server down, and throws `CancellationError`.
///
/// - Parameter drain: How long requests may take after that; see `HTTPServer.shutdown`.
public nonisolated(nonsending) func serveHTTP(
  host: String? = nil, port: UInt16, tls: (any ConnectionSecurity)? = nil,
  limits: HTTPServerLimits = HTTPServerLimits(), options: HTTPServerOptions = HTTPServerOptions(),
  drain: Duration = .seconds(10), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping HTTPHandler
) async throws {
  try await serveHTTP(
    at: .host(host, port: port), tls: tls, limits: limits, options: options, drain: drain, file: file, line: line,
    handler: handler)
}

/// The same at an address, a Unix socket's path, or on sockets that listen already.
///
/// ```swift
/// try await serveHTTP(at: .sockets(ListeningSocket.fromSystemd())) { request, response in
///   try await response.send("hello\n")
/// }
/// ```
public nonisolated(nonsending) func serveHTTP(
  at address: ListenAddress, tls: (any ConnectionSecurity)? = nil, limits: HTTPServerLimits = HTTPServerLimits(),
  options: HTTPServerOptions = HTTPServerOptions(), drain: Duration = .seconds(10), file: StaticString = #fileID,
  line: UInt = #line, @_inheritActorContext handler: @escaping HTTPHandler
) async throws {
  let server = try await start(address, tls, limits, options, file, line, handler)
  try await server.serveForever(drain: drain, stopsOn: [.terminate])
}

private nonisolated(nonsending) func start(
  _ address: ListenAddress, _ tls: (any ConnectionSecurity)?, _ limits: HTTPServerLimits, _ options: HTTPServerOptions,
  _ file: StaticString, _ line: UInt, _ handler: @escaping HTTPHandler
) async throws -> HTTPServer {
  var security = tls
  if var configuration = tls as? TLSConfiguration, configuration.applicationProtocols.isEmpty {
    configuration.applicationProtocols = ["http/1.1"]
    security = configuration
  }
  let core = HTTPServerCore(handler, limits, options, isSecure: tls != nil)
  if options.expectsProxyProtocol {
    security = ProxiedSecurity(
      core: core, inner: security, trusted: options.trustedPeers, timeLimit: limits.headTime ?? .seconds(30))
  }
  let plan = ServerPlan(address, limits: limits.ofConnections, options: options.listening, file: file, line: line)
  let server = try await plan.start(
    .service(isolation: handler.isolation) { handle in await core.serve(handle) }, security)
  return HTTPServer(server, core)
}
