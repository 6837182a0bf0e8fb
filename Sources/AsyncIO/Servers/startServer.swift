// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Starts a TCP server; asyncio's `start_server`.
///
/// ```swift
/// let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
///   var buffer: [UInt8] = []
///   while try await reader.read(into: &buffer) > 0 { try await writer.write(buffer) }
/// }
/// print("listening at", server.addresses)
/// ```
///
/// The handler runs as a task of its own for each connection, among `allTasks` under the peer's name. It has the
/// task-local values of the place where the server was started. It has the isolation of the place where it is written:
/// in the body of `EventLoop.run`, the main actor's; in that of `run(loops:)`, none. A handler of no actor runs on
/// every loop of `run(loops:)`: each loop accepts connections, and the kernel spreads them (SO_REUSEPORT).
///
/// An error that the handler throws resets the connection. It goes to the loop's exception handler, unless it says that
/// the peer has gone (a reset, a broken pipe). The connection is closed when the reader and the writer are gone, or by
/// the writer's `close`.
///
/// - Parameters:
///   - host: A name or a numeric address; nil for all interfaces, IPv6 and IPv4.
///   - port: 0 lets the system choose.
///   - backlog: How many connections may wait to be accepted.
///   - limit: See `StreamReader.limit`.
///   - limits: What peers are allowed: how many connections, and for how long without progress.
///   - reusePort: Lets other servers, of this user, listen at the same address, and the kernel spread the connections
///     over them (SO_REUSEPORT); asyncio's `reuse_port`. `run(loops:)` does so for its loops by itself.
///   - keepAlive: Lets the kernel ask peers that say nothing for two hours whether they are still there (SO_KEEPALIVE,
///     tcp(7)); asyncio's `keep_alive`.
///   - startServing: Whether to listen at once; asyncio's `start_serving`. Otherwise the address is taken, connections
///     are refused until `Server.startServing`.
/// - Throws: `NameError`, or `SystemError` if an address can't be listened at.
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, backlog: Int = 100, limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(
    .host(host, port: port), backlog: backlog, limit: limit, limits: limits, reusePort: reusePort, keepAlive: keepAlive,
    startServing: startServing, file: file, line: line)
  return try await plan.start(ConnectionService(.halves(handler)))
}

/// The same with a handler that gets the connection in one piece.
///
/// ```swift
/// let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
///   for try await line in stream.lines { try await stream.write("<\(line)>\n") }
/// }
/// ```
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, backlog: Int = 100, limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(
    .host(host, port: port), backlog: backlog, limit: limit, limits: limits, reusePort: reusePort, keepAlive: keepAlive,
    startServing: startServing, file: file, line: line)
  return try await plan.start(ConnectionService(.stream(handler)))
}

/// Starts a server at an address: no name is looked up.
///
/// ```swift
/// let server = try await startServer(at: SocketAddress(abstractName: "app")!) { reader, writer in
///   try await writer.write("hello\n")
/// }
/// ```
///
/// As `startServer(host:port:)`. The file of a Unix socket is removed when the server is closed; one that a server has
/// left behind which ended without closing is taken over.
///
/// - Throws: `SystemError` if the address can't be listened at.
public nonisolated(nonsending) func startServer(
  at address: SocketAddress, backlog: Int = 100, limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(
    .address(address), backlog: backlog, limit: limit, limits: limits, reusePort: reusePort, keepAlive: keepAlive,
    startServing: startServing, file: file, line: line)
  return try await plan.start(ConnectionService(.halves(handler)))
}

/// The same with a handler that gets the connection in one piece.
///
/// ```swift
/// let server = try await startServer(at: SocketAddress(abstractName: "app")!) { stream in
///   try await stream.write("hello\n")
/// }
/// ```
public nonisolated(nonsending) func startServer(
  at address: SocketAddress, backlog: Int = 100, limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(
    .address(address), backlog: backlog, limit: limit, limits: limits, reusePort: reusePort, keepAlive: keepAlive,
    startServing: startServing, file: file, line: line)
  return try await plan.start(ConnectionService(.stream(handler)))
}

/// Starts a server at a Unix socket's path; asyncio's `start_unix_server`.
///
/// ```swift
/// let server = try await startUnixServer(path: "/run/app.sock") { reader, writer in
///   try await writer.write("hello\n")
/// }
/// ```
///
/// As `startServer(at:)`.
///
/// - Throws: `SystemError` if somebody listens there, the path can't be made, or is empty, longer than 107 bytes
///   (ENAMETOOLONG), or has a zero byte (EINVAL).
public nonisolated(nonsending) func startUnixServer(
  path: String, backlog: Int = 100, limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  startServing: Bool = true, file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  try await startServer(
    at: try unixAddress(path, for: "bind"), backlog: backlog, limit: limit, limits: limits, startServing: startServing,
    file: file, line: line, handler: handler)
}

/// The same with a handler that gets the connection in one piece.
public nonisolated(nonsending) func startUnixServer(
  path: String, backlog: Int = 100, limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  startServing: Bool = true, file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  try await startServer(
    at: try unixAddress(path, for: "bind"), backlog: backlog, limit: limit, limits: limits, startServing: startServing,
    file: file, line: line, handler: handler)
}
