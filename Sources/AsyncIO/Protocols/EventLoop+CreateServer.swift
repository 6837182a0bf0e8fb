// SPDX-License-Identifier: Apache-2.0
// Servers with protocols: ordinary servers, whose handler hands its stream over to a protocol and returns.

public import AsyncIOCore

extension EventLoop {
  /// Starts a TCP server that makes a protocol for each connection; asyncio's `create_server`.
  ///
  /// ```swift
  /// let server = try await EventLoop.current.createServer(host: "127.0.0.1", port: 8888) { EchoProtocol() }
  /// try await server.serveForever()
  /// ```
  ///
  /// Otherwise like `startServer(host:port:)`. A factory of the main actor makes its protocols on the main loop. A
  /// factory without an actor makes them on each loop of `EventLoop.run(loops:)`, and each protocol stays on the loop
  /// that made it.
  ///
  /// - Throws: As `startServer(host:port:)` does.
  public nonisolated(nonsending) func createServer<Known: BaseProtocol>(
    host: String? = nil, port: UInt16, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
    options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> Server {
    let plan = ServerPlan(.host(host, port: port), limits: limits, options: options, file: file, line: line)
    return try await start(plan, tls, handler(factory))
  }

  /// Starts a server at an address, or on sockets that listen already, that makes a protocol for each connection.
  ///
  /// ```swift
  /// let server = try await EventLoop.current.createServer(at: .unix(path: "/run/app.sock")) { EchoProtocol() }
  /// ```
  ///
  /// - Throws: As `startServer(at:)` does.
  public nonisolated(nonsending) func createServer<Known: BaseProtocol>(
    at address: ListenAddress, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
    options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> Server {
    let plan = ServerPlan(address, limits: limits, options: options, file: file, line: line)
    return try await start(plan, tls, handler(factory))
  }

  /// Starts a server at a Unix socket's path that makes a protocol for each connection; asyncio's `create_unix_server`.
  ///
  /// ```swift
  /// let server = try await EventLoop.current.createUnixServer(path: "/run/app.sock") { EchoProtocol() }
  /// ```
  ///
  /// - Throws: As `startUnixServer(path:)` does.
  public nonisolated(nonsending) func createUnixServer<Known: BaseProtocol>(
    path: String, tls: (any ConnectionSecurity)? = nil, limits: ServerLimits = ServerLimits(),
    options: ServerOptions = ServerOptions(), file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> Server {
    let plan = ServerPlan(.unix(path: path), limits: limits, options: options, file: file, line: line)
    return try await start(plan, tls, handler(factory))
  }

  private nonisolated(nonsending) func start(
    _ plan: ServerPlan, _ security: (any ConnectionSecurity)?, _ handler: @escaping StreamHandler
  ) async throws -> Server {
    try await here { try await plan.start(.stream(handler), security) }
  }

  private func handler<Known: BaseProtocol>(_ factory: @escaping ProtocolFactory<Known>) -> StreamHandler {
    let factory = LoopFactory(factory, on: nil, for: "createServer")
    if factory.isMainActors {
      require(hasMainActor, "EventLoop.createServer: protocols of the main actor need the loop of EventLoop.run")
      return { @MainActor stream in try await Self.serve(stream, factory) }
    }
    return { stream in try await Self.serve(stream, factory) }
  }

  private nonisolated(nonsending) static func serve(_ stream: ByteStream, _ factory: LoopFactory) async throws {
    let handle = stream.writer.handle
    let loop = handle.transport.loop
    try await loop.here { _ = try await loop.begin(handle, factory()) }
  }
}
