// SPDX-License-Identifier: Apache-2.0

/// Starts a server on sockets that listen already; asyncio's `start_server(sock=)`.
///
/// ```swift
/// // A unit app.socket with ListenStream=80 starts the program, and holds connections while it restarts.
/// let server = try await startServer(on: ListeningSocket.fromSystemd()) { reader, writer in
///   try await writer.write("hello\n")
/// }
/// try await server.serveForever(drain: .seconds(10))
/// ```
///
/// The descriptors are the server's from now on: it changes their flags (O_NONBLOCK) as the backend wants them, and
/// closes them with itself. If somebody else has them too, as systemd does, connections then wait in the backlog for the
/// next process. The file of a Unix socket stays. Under `run(loops:)` every loop accepts from each of them.
///
/// As `startServer(host:port:)` otherwise.
///
/// - Throws: `SystemError` if one is not a descriptor or does not listen, or if `sockets` is empty. All are still the
///   caller's then.
public nonisolated(nonsending) func startServer(
  on sockets: [ListeningSocket], limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  let plan = ServerPlan(.sockets(sockets), limit: limit, limits: limits, file: file, line: line)
  return try await plan.start(ConnectionService(.halves(handler)))
}

/// The same with a handler that gets the connection in one piece.
///
/// ```swift
/// let server = try await startServer(on: [ListeningSocket(descriptor: 3)]) { stream in try await stream.write("hello\n") }
/// ```
public nonisolated(nonsending) func startServer(
  on sockets: [ListeningSocket], limit: Int = 64 * 1024, limits: ServerLimits = ServerLimits(),
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext handler: @escaping StreamHandler
) async throws -> Server {
  let plan = ServerPlan(.sockets(sockets), limit: limit, limits: limits, file: file, line: line)
  return try await plan.start(ConnectionService(.stream(handler)))
}
