// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("The life of a server", .timeLimit(.minutes(1))) struct ServerLifeTests {
  static let greeting: StreamHandler = { stream in
    try await stream.write("hello\n")
    _ = try await stream.readToEnd()
  }

  @Test(arguments: BackendKind.conforming)
  func `a server that doesn't serve yet has its address and refuses connections`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(
        host: backend.ownHost(3), port: 0, options: ServerOptions(startServing: false), handler: Self.greeting)
      #expect(!server.isServing)
      #expect(server.port > 0)
      let error = await #expect(throws: SystemError.self) {
        try await ByteStream.connect(host: backend.ownHost(3), port: server.port)
      }
      #expect(error?.code == .connectionRefused)
      try await server.startServing()
      try await server.startServing()
      #expect(server.isServing)
      let client = try await ByteStream.connect(host: backend.ownHost(3), port: server.port)
      #expect(try await client.readLine() == "hello")
      try await client.close()
      server.close()
      #expect(!server.isServing)
      #expect(server.sockets.isEmpty)
      try await server.startServing()
      #expect(!server.isServing)
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a security of the program's own comes before the handler`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(
        host: "127.0.0.1", port: 0, tls: Password(prepares: true), handler: Self.greeting)
      let stranger = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stranger.write("please\n")
      await #expect(throws: SystemError.self) { try await stranger.readLine() }
      #expect(try await server.statistics.failedHandshakes == 1)
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("sesame\n")
      #expect(try await client.readLine() == "hello")
      try await client.close()
      server.close()
      await #expect(throws: SystemError.self) {
        try await startServer(at: .loopback(port: 0), tls: Password(prepares: false), handler: Self.greeting)
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `serveForever begins to serve`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(
        host: "127.0.0.1", port: 0, options: ServerOptions(startServing: false), handler: Self.greeting)
      let serving = Task { try await server.serveForever() }
      try await turns { server.isServing }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await client.readLine() == "hello")
      client.abort()
      serving.cancel()
      await #expect(throws: CancellationError.self) { try await serving.value }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an address is free again when the server that never served is gone`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var server: Server? = try await startServer(
        host: "127.0.0.1", port: 0, options: ServerOptions(startServing: false), handler: Self.greeting)
      let port = try #require(server?.port)
      server = nil
      let next = try await startServer(host: "127.0.0.1", port: port, handler: Self.greeting)
      #expect(next.port == port)
      next.close()
      try await next.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `closeClients sends what was written and ends every connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.greeting)
      EventLoop.current.setExceptionHandler { _, _ in }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await turns { try await server.statistics.bytesSent == 6 }
      server.close()
      server.closeClients()
      #expect(try await client.readToEnd() == Array("hello\n".utf8))
      try await client.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server says what it has done and what its connections wait for`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.greeting)
      let first = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await first.readLine() == "hello")
      try await first.close()
      try await turns { try await server.statistics.open == 0 }
      let second = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await second.readLine() == "hello")
      try await second.write("some bytes")
      try await turns { try await server.statistics.bytesReceived == 10 }
      #expect(
        try await server.statistics.description
          == "2 connections (1 open, 0 refused, 0 cut off), 10 bytes in, 12 bytes out")
      // The handler may be about to wait again.
      try await turns { try await server.connections.first?.waitsFor != nil }
      let connections = try await server.connections
      #expect(connections.count == 1)
      let connection = try #require(connections.first)
      let peer = try #require(second.localAddress)
      #expect(connection.peer == peer)
      #expect(connection.age > .zero)
      #expect(connection.waitsFor == "receive from \(peer)")
      #expect(connection.task?.name == "connection from \(peer)")
      #expect((connection.bytesReceived, connection.bytesSent) == (10, 6))
      try await second.close()
      server.close()
      try await server.waitClosed()
      #expect(try await server.connections.isEmpty)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a socket that others have made is served, and closed with the server`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let sockets = EventLoop.current.sockets
      let number = try sockets.listen(at: .loopback(port: 0), options: ListenOptions())
      let address = try #require(sockets.localAddress(of: number))
      let server = try await startServer(at: .sockets([ListeningSocket(descriptor: number)]), handler: Self.greeting)
      #expect(server.addresses == [address])
      #expect(server.sockets == [ListeningSocket(descriptor: number)])
      for _ in 0..<3 {
        let client = try await ByteStream.connect(to: address)
        #expect(try await client.readLine() == "hello")
        try await client.close()
      }
      server.close()
      try await server.waitClosed()
      await #expect(throws: SystemError.self) { try await ByteStream.connect(to: address) }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what does not listen is refused and stays the caller's`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (backend, sockets) = (EventLoop.current.backend, EventLoop.current.sockets)
      let (first, second) = try sockets.makeSocketPair()
      let error = await #expect(throws: SystemError.self) {
        try await startServer(at: .sockets([ListeningSocket(descriptor: first, name: "web")]), handler: Self.greeting)
      }
      #expect(error?.description.hasPrefix("accept descriptor \(first) (web), which does not listen:") == true)
      await #expect(throws: SystemError.self) { try await startServer(at: .sockets([]), handler: Self.greeting) }
      backend.close(descriptor: first)
      backend.close(descriptor: second)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server whose loop has ended is closed, and nobody waits for it`(backend: BackendKind) async throws {
    let (serving, idle) = (Future<Server>(), Future<Server>())
    try await withEventLoop(backend: backend) {
      serving.trySetResult(try await startServer(host: "127.0.0.1", port: 0, handler: Self.greeting))
      idle.trySetResult(
        try await startServer(
          host: "127.0.0.1", port: 0, options: ServerOptions(startServing: false), handler: Self.greeting))
    }
    let server = try await serving.value
    #expect(!server.isServing)
    #expect(server.sockets == [])
    try await server.waitClosed()
    try await server.serveForever()
    try await server.serveForever(drain: .seconds(1))
    #expect(await server.shutdown(drain: .seconds(1)) == ShutdownSummary())
    await #expect(throws: EventLoopError.closed) { try await server.statistics }
    await #expect(throws: EventLoopError.closed) { try await idle.value.startServing() }
    await #expect(throws: EventLoopError.closed) { try await idle.value.serveForever() }
    server.close()
    try await server.waitClosed()
  }

  @Test(arguments: JobOrderTests.ordered)
  func `several servers share a port if they all say so`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let first = try await startServer(
        host: "127.0.0.1", port: 0, options: ServerOptions(reusePort: true, keepAlive: true), handler: Self.greeting)
      let second = try await startServer(
        host: "127.0.0.1", port: first.port, options: ServerOptions(reusePort: true), handler: Self.greeting)
      await #expect(throws: SystemError.self) {
        try await startServer(host: "127.0.0.1", port: first.port, handler: Self.greeting)
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: first.port)
      #expect(try await client.readLine() == "hello")
      try await client.close()
      for server in [first, second] {
        server.close()
        try await server.waitClosed()
      }
    }
  }
}

/// Asks each client for a word before the handler gets the connection.
private struct Password: ConnectionSecurity {
  let prepares: Bool

  func prepareServer() throws {
    if !prepares { throw SystemError("prepare", "the password", code: .noSuchFile) }
  }

  nonisolated(nonsending) func secure(_ stream: ByteStream) async throws {
    guard try await stream.readLine() == "sesame" else {
      throw SystemError("secure", "the password", code: .notPermitted)
    }
  }
}
