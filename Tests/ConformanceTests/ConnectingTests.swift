// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Opening connections") struct ConnectingTests {
  @Test(arguments: BackendKind.conforming)
  func `a connection comes from the address that was asked for`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        try await stream.write("\(stream.peerAddress!.host)\n")
      }
      let local = SocketAddress(backend == .virtual ? "10.0.0.1" : "127.0.0.9", port: 0)!
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port, from: local)
      #expect(try await stream.readLine() == local.host)
      #expect(stream.localAddress?.host == local.host)
      try await stream.close()
      server.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a host without an address of the family to connect from says so`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let local = SocketAddress("::1", port: 0)!
      let error = await #expect(throws: NameError.self) {
        try await ByteStream.connect(host: "127.0.0.1", port: 9, from: local)
      }
      #expect(error?.description == "resolve 127.0.0.1: the name has no IPv6 address")
      let unix = await #expect(throws: NameError.self) {
        try await ByteStream.connect(host: "localhost", port: 9, from: SocketAddress(abstractName: "x"))
      }
      #expect(unix?.reason == .noAddress(.unix))
    }
  }

  @Test(arguments: [BackendKind.ioUring, .epoll])
  func `an address with a zone is connected to, and named with it`(backend: BackendKind) async throws {
    guard BackendKind.conforming.contains(backend) else { return }
    try await withEventLoop(backend: backend) {
      // The kernel keeps a zone only for link-local addresses, and ::1 is on the loopback interface anyway.
      #expect(try await resolve("fe80::1%lo", port: 80).map(\.description) == ["[fe80::1%lo]:80"])
      guard let server = try? await startServer(host: "::1%lo", port: 0, handler: { _ in }) else { return }
      let stream = try await ByteStream.connect(host: "::1%lo", port: server.port)
      try await stream.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a time limit ends a connection that nobody answers`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      // A listener that never accepts completes as many connections as its backlog holds.
      let (backend, sockets) = (EventLoop.current.backend, EventLoop.current.sockets)
      let listener = try sockets.listen(at: .loopback(port: 0), options: ListenOptions(backlog: 1))
      let address = sockets.localAddress(of: listener)!
      var answered: [ByteStream] = []
      let error = await #expect(throws: SystemError.self) {
        while answered.count < 10 {
          answered.append(try await ByteStream.connect(to: address, timeout: .milliseconds(50)))
        }
      }
      #expect(error?.description == "connect \(address): connection timed out (ETIMEDOUT)")
      for stream in answered { stream.abort() }
      backend.close(descriptor: listener)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a connection within a scope is closed with it, and reset if the scope fails`(backend: BackendKind) async throws
  {
    struct Failed: Error {}
    try await withEventLoop(backend: backend) {
      let log = Log()
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        do { log.append("read \(try await stream.readToEnd().count) bytes") } catch { log.append("\(error)") }
      }
      let answer = try await withConnection(host: "127.0.0.1", port: server.port) { stream in
        try await stream.write("ping")
        return 7
      }
      #expect(answer == 7)
      await #expect(throws: Failed.self) {
        try await withConnection(to: server.addresses[0]) { _ in throw Failed() }
      }
      try await turns { log.entries.count == 2 }
      #expect(log.entries[0] == "read 4 bytes")
      #expect(log.entries[1].contains("ECONNRESET"))
      server.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `options of a socket are set and read`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let stream = ByteStream(reader: pair.client.reader, writer: pair.client.writer)
      let isUndelayed = try stream.option(.noDelay)
      #expect(backend == .virtual || isUndelayed)
      try stream.setOption(.keepAlive, to: true)
      try stream.setOption(.keepAliveIdle, to: .seconds(42))
      try stream.setOption(.userTimeout, to: .milliseconds(1500))
      try stream.setOption(.receiveBufferSize, to: 100_000)
      let isKeptAlive = try stream.option(.keepAlive)
      #expect(isKeptAlive)
      #expect(try stream.option(.keepAliveIdle) == .seconds(42))
      #expect(try stream.option(.userTimeout) == .milliseconds(1500))
      #expect(try stream.option(.receiveBufferSize) >= 100_000)
      let peer = try #require(stream.peerAddress)
      if backend != .virtual {
        let (near, far) = try await ByteStream.pair()
        let error = #expect(throws: SystemError.self) { try near.setOption(.noDelay, to: true) }
        #expect(error?.description.hasPrefix("setsockopt TCP_NODELAY: ") == true)
        near.abort()
        far.abort()
      }
      try await pair.close()
      let closed = #expect(throws: SystemError.self) { try stream.setOption(.keepAlive, to: true) }
      #expect(closed?.description == "setsockopt \(peer), which is closed: bad file descriptor (EBADF)")
    }
  }
}
