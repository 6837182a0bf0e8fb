// SPDX-License-Identifier: Apache-2.0
// Protocols over TLS: their callbacks run in the middle of the session's own work.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOTLS

private final class Echo: StreamProtocol {
  private var transport: Transport?
  func connectionMade(_ transport: Transport) { self.transport = transport }
  func dataReceived(_ data: Span<UInt8>) { transport?.write(data) }
}

@Suite("A protocol over TLS", .timeLimit(.minutes(1))) struct TLSProtocolTests {
  @Test(arguments: BackendKind.all)
  func `may answer within its callback, and gets the rest of what came`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        try await EventLoop.current.createConnection(over: stream) { Echo() }
      }
      let stream = try await connect(server.port)
      try await stream.write("x")
      #expect(try await stream.readExactly(1) == [UInt8(ascii: "x")])
      // Several records, which arrive together.
      let bytes = pattern(100_000, seed: 1)
      try await stream.write(bytes)
      let echoed = try await withTimeout(.seconds(10)) { try await stream.readExactly(bytes.count) }
      expectSame(echoed, bytes)
      try await stream.close()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `serves each connection of createServer after its handshake`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await EventLoop.current.createServer(host: "127.0.0.1", port: 0, tls: .showing("server")) {
        Echo()
      }
      let stream = try await connect(server.port)
      try await stream.write("hello")
      #expect(try await stream.readExactly(5) == Array("hello".utf8))
      try await stream.close()
      try await server.stop()
    }
  }
}
