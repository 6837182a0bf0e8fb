// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
public import AsyncIOCore

/// Starts a TCP server that speaks TLS; asyncio's `start_server(ssl=...)`.
///
/// ```swift
/// let tls = TLSConfiguration.server(certificateChainFile: "fullchain.pem", privateKeyFile: "privkey.pem")
/// let server = try await startServer(host: "127.0.0.1", port: 0, tls: tls) { stream in
///   for try await line in stream.lines { try await stream.write("<\(line)>\n") }
/// }
/// ```
///
/// Works like `startServer(host:port:)`. The connection's task first performs the handshake, within its time limit;
/// then the handler runs. A failed handshake ends the connection and is counted (`ServerStatistics.failedHandshakes`).
/// In debug mode, the reason is a line on standard error.
///
/// - Throws: What `startServer(host:port:)` throws, and `TLSError` if a file of the configuration can't be used.
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, tls: TLSConfiguration, backlog: Int = 100, limit: Int = 64 * 1024,
  limits: ServerLimits = ServerLimits(), reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(
    .host(host, port: port), backlog: backlog, limit: limit, limits: limits, reusePort: reusePort, keepAlive: keepAlive,
    startServing: startServing, file: file, line: line)
  return try await plan.start(ConnectionService(.stream(handler), preparing: try handshake(tls)))
}

/// Starts a TCP server that speaks TLS, with a handler that gets the connection as a reader and a writer.
///
/// ```swift
/// let tls = TLSConfiguration.server(certificateChainFile: "fullchain.pem", privateKeyFile: "privkey.pem")
/// let server = try await startServer(host: "127.0.0.1", port: 0, tls: tls) { reader, writer in
///   try await writer.write("hello\n")
/// }
/// ```
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, tls: TLSConfiguration, backlog: Int = 100, limit: Int = 64 * 1024,
  limits: ServerLimits = ServerLimits(), reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(
    .host(host, port: port), backlog: backlog, limit: limit, limits: limits, reusePort: reusePort, keepAlive: keepAlive,
    startServing: startServing, file: file, line: line)
  return try await plan.start(ConnectionService(.halves(handler), preparing: try handshake(tls)))
}

/// Starts a server that speaks TLS at an address, without a name look-up. See `startServer(at:)`.
///
/// ```swift
/// let tls = TLSConfiguration.server(certificateChainFile: "fullchain.pem", privateKeyFile: "privkey.pem")
/// let server = try await startServer(at: .loopback(port: 0), tls: tls) { stream in
///   try await stream.write("hello\n")
/// }
/// ```
///
/// - Throws: `SystemError` if the server can't listen at the address, and `TLSError` if a file of the configuration
///   can't be used.
public nonisolated(nonsending) func startServer(
  at address: SocketAddress, tls: TLSConfiguration, backlog: Int = 100, limit: Int = 64 * 1024,
  limits: ServerLimits = ServerLimits(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(.address(address), backlog: backlog, limit: limit, limits: limits, file: file, line: line)
  return try await plan.start(ConnectionService(.stream(handler), preparing: try handshake(tls)))
}

private func handshake(_ tls: TLSConfiguration) throws -> ConnectionService.Preparation {
  require(tls.role == .server, "startServer: the TLS configuration is a client's")
  try tls.load()
  return { stream in
    do {
      let handle = stream.writer.handle
      if handle.isCurrent(for: #isolation) {
        try await tls.secure(handle.transport, host: nil)
      } else {
        try await stream.startTLS(tls)
      }
    } catch {
      // Close first: a reset right after it might overtake the alert that tells the client why.
      try? await stream.close()
      throw error
    }
  }
}
