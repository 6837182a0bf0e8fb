// SPDX-License-Identifier: Apache-2.0
// asyncio's `start_server` has one function with a dozen arguments. Here they are values: where (`ListenAddress`), how
// (`ServerOptions`), and for whom (`ServerLimits`, `ConnectionSecurity`). Services above this one take the same.
//
// Each function is there twice, since a closure's type can't be chosen by the number of its parameters otherwise.

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
///   - tls: What secures each connection before the handler gets it, a server's `TLSConfiguration`; asyncio's `ssl`.
///     A failed handshake ends the connection, and is counted (`ServerStatistics.failedHandshakes`). In debug mode, the
///     reason is a line on standard error.
///   - limits: What peers are allowed: how many connections, and for how long without progress.
///   - options: asyncio's other arguments: `backlog`, `limit`, `reusePort`, `keepAlive`, `startServing`.
/// - Throws: `NameError`, or `SystemError` if an address can't be listened at; `TLSError` if a file of the
///   configuration can't be used.
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
  options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(.host(host, port: port), limits: limits, options: options, file: file, line: line)
  return try await plan.start(.halves(handler), tls)
}

/// The same with a handler that gets the connection in one piece.
///
/// ```swift
/// let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
///   for try await line in stream.lines { try await stream.write("<\(line)>\n") }
/// }
/// ```
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
  options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(.host(host, port: port), limits: limits, options: options, file: file, line: line)
  return try await plan.start(.stream(handler), tls)
}

/// Starts a server at an address, a Unix socket's path, or on sockets that listen already; asyncio's
/// `start_server(sock=)`.
///
/// ```swift
/// // A unit app.socket with ListenStream=80 starts the program, and holds connections while it restarts.
/// let server = try await startServer(at: .sockets(ListeningSocket.fromSystemd())) { reader, writer in
///   try await writer.write("hello\n")
/// }
/// try await server.serveForever(drain: .seconds(10))
/// ```
///
/// As `startServer(host:port:)`. Descriptors of `.sockets` are the server's from now on: it changes their flags
/// (O_NONBLOCK) as the backend wants them, and closes them with itself. If another process has them too, as systemd
/// does, connections then wait in the backlog for the next process. The file of their Unix socket stays. Under
/// `run(loops:)` every loop accepts from each of them.
///
/// - Throws: What `startServer(host:port:)` throws. `SystemError` if a server listens at the path already, or the file
///   can't be made. A path must not be empty, longer than 107 bytes (ENAMETOOLONG), or have a zero byte (EINVAL).
///   `SystemError` also if `.sockets` has none, or one that does not listen; they are all still the caller's then.
public nonisolated(nonsending) func startServer(
  at address: ListenAddress, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
  options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(address, limits: limits, options: options, file: file, line: line)
  return try await plan.start(.halves(handler), tls)
}

/// The same with a handler that gets the connection in one piece.
///
/// ```swift
/// let server = try await startServer(at: .address(SocketAddress(abstractName: "app")!)) { stream in
///   try await stream.write("hello\n")
/// }
/// ```
public nonisolated(nonsending) func startServer(
  at address: ListenAddress, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
  options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(address, limits: limits, options: options, file: file, line: line)
  return try await plan.start(.stream(handler), tls)
}

/// Starts a server at a Unix socket's path; asyncio's `start_unix_server`. As `startServer(at: .unix(path:))`.
///
/// ```swift
/// let server = try await startUnixServer(path: "/run/app.sock") { reader, writer in
///   try await writer.write("hello\n")
/// }
/// ```
///
/// - Throws: What `startServer(at:)` throws.
public nonisolated(nonsending) func startUnixServer(
  path: String, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
  options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(.unix(path: path), limits: limits, options: options, file: file, line: line)
  return try await plan.start(.halves(handler), tls)
}

/// The same with a handler that gets the connection in one piece.
public nonisolated(nonsending) func startUnixServer(
  path: String, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
  options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(.unix(path: path), limits: limits, options: options, file: file, line: line)
  return try await plan.start(.stream(handler), tls)
}
