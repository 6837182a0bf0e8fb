// SPDX-License-Identifier: Apache-2.0
// Servers with protocols: the servers there are, with a handler that hands its stream over to a protocol and is done.

public import AsyncIOCore

extension EventLoop {
  /// Starts a TCP server that makes a protocol for each connection; asyncio's `create_server`.
  ///
  /// ```swift
  /// let server = try await EventLoop.current.createServer(host: "127.0.0.1", port: 8888) { EchoProtocol() }
  /// try await server.serveForever()
  /// ```
  ///
  /// As `startServer(host:port:)`. A factory of the main actor's makes its protocols on the main loop; one of no actor,
  /// under `EventLoop.run(loops:)`, on each loop, and each protocol stays on the loop that made it.
  ///
  /// - Throws: As `startServer(host:port:)`.
  public nonisolated(nonsending) func createServer<Known: BaseProtocol>(
    host: String? = nil, port: UInt16, backlog: Int = 100, file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> Server {
    let handler = handler(factory)
    if isCurrent(for: #isolation) {
      return try await startServer(host: host, port: port, backlog: backlog, file: file, line: line, handler: handler)
    }
    return try await anchor.run {
      try await startServer(host: host, port: port, backlog: backlog, file: file, line: line, handler: handler)
    }
  }

  /// The same at an address.
  ///
  /// ```swift
  /// let server = try await EventLoop.current.createServer(at: SocketAddress(abstractName: "app")!) { EchoProtocol() }
  /// ```
  public nonisolated(nonsending) func createServer<Known: BaseProtocol>(
    at address: SocketAddress, backlog: Int = 100, file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> Server {
    let handler = handler(factory)
    if isCurrent(for: #isolation) {
      return try await startServer(at: address, backlog: backlog, file: file, line: line, handler: handler)
    }
    return try await anchor.run {
      try await startServer(at: address, backlog: backlog, file: file, line: line, handler: handler)
    }
  }

  /// The same at a Unix socket's path; asyncio's `create_unix_server`.
  ///
  /// ```swift
  /// let server = try await EventLoop.current.createUnixServer(path: "/run/app.sock") { EchoProtocol() }
  /// ```
  public nonisolated(nonsending) func createUnixServer<Known: BaseProtocol>(
    path: String, backlog: Int = 100, file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> Server {
    let address = try unixAddress(path, for: "bind")
    let handler = handler(factory)
    if isCurrent(for: #isolation) {
      return try await startServer(at: address, backlog: backlog, file: file, line: line, handler: handler)
    }
    return try await anchor.run {
      try await startServer(at: address, backlog: backlog, file: file, line: line, handler: handler)
    }
  }

  private func handler<Known: BaseProtocol>(_ factory: @escaping ProtocolFactory<Known>) -> StreamHandler {
    let factory = LoopFactory(factory, on: nil, for: "createServer")
    if factory.isMainActors {
      require(hasMainActor, "EventLoop.createServer: the main actor's protocols want the loop of EventLoop.run")
      return { @MainActor stream in try await Self.serve(stream, factory) }
    }
    return { stream in try await Self.serve(stream, factory) }
  }

  private nonisolated(nonsending) static func serve(_ stream: ByteStream, _ factory: LoopFactory) async throws {
    let handle = stream.writer.handle
    let loop = handle.transport.loop
    if loop.isCurrent(for: #isolation) {
      _ = try await loop.begin(handle, factory())
    } else {
      try await loop.anchor.run { _ = try await loop.begin(handle, factory()) }
    }
  }
}
