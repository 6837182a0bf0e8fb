// SPDX-License-Identifier: Apache-2.0
// A peer that refuses us sends the reason and closes, with our bytes unread. Our writes meet the reset that follows;
// the reason has come before it.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIO
@testable import AsyncIOTLS

@Suite("A peer's alert", .timeLimit(.minutes(1))) struct AlertTests {
  enum Kind: String, CaseIterable, Sendable { case tcp, pair }

  /// A client's stream that a server has refused because the client has no certificate: the alert has come, and the
  /// reset.
  private static func withRefused(
    _ kind: Kind, _ body: @escaping @Sendable (ByteStream) async throws -> Void
  ) async throws {
    var (near, far) = try await ByteStream.pair()
    if kind == .tcp {
      near.abort()
      far.abort()
      let arrived = Queue<ByteStream>(maxSize: 1)
      let server = try await startServer(at: .loopback(port: 0)) { try await arrived.put($0) }
      near = try await ByteStream.connect(to: server.addresses[0])
      far = try await arrived.get()
      server.close()
    }
    let peer = try HandMadePeer(.showing("server", clients: .required), on: far)
    let shaking = Task { try await peer.handshake() }
    // In TLS 1.3 a client has finished before the server sees its certificate.
    try await near.startTLS(.trusting(), host: "localhost")
    await #expect(throws: TLSError.self) { try await shaking.value }
    // Its unread bytes turn its close into a reset.
    try await near.write("the first words")
    try await turns { far.reader.handle.transport.unreadCount > 0 }
    let alert = peer.end.sink.take()
    try #require(!alert.isEmpty)
    try await far.write(alert)
    far.abort()
    try await body(near)
  }

  @Test(arguments: BackendKind.all, Kind.allCases)
  func `is what a write fails with`(backend: BackendKind, kind: Kind) async throws {
    try await withEventLoop(backend: backend) {
      for size in [1, 100_000] {
        try await Self.withRefused(kind) { stream in
          let error = await #expect(throws: TLSError.self) {
            // A write may succeed before the reset has come, which takes virtual time.
            for _ in 0..<100 {
              try await stream.write(pattern(size, seed: 1))
              if backend == .virtual { try await sleep(.microseconds(50)) }
            }
          }
          #expect(error?.kind == .alert(.certificateRequired))
          let again = await #expect(throws: TLSError.self) { try await stream.write("again") }
          #expect(again == error)
          let read = await #expect(throws: TLSError.self) { try await stream.readLine() }
          #expect(read == error)
          let closed = await #expect(throws: TLSError.self) { try await stream.close() }
          #expect(closed == error)
        }
      }
    }
  }

  @Test(arguments: BackendKind.all, Kind.allCases)
  func `is what drain, close, and a protocol's end fail with`(backend: BackendKind, kind: Kind) async throws {
    try await withEventLoop(backend: backend) {
      try await Self.withRefused(kind) { stream in
        let error = await #expect(throws: TLSError.self) { try await stream.close() }
        #expect(error?.kind == .alert(.certificateRequired))
      }
      try await Self.withRefused(kind) { stream in
        let end = Future<(any Error)?>()
        try await EventLoop.current.createConnection(over: stream) { Writing(end) }
        let error = try await end.value
        #expect((error as? TLSError)?.kind == .alert(.certificateRequired))
      }
    }
  }

  private final class Writing: StreamProtocol {
    private let end: Future<(any Error)?>
    init(_ end: Future<(any Error)?>) { self.end = end }
    func connectionMade(_ transport: Transport) { transport.write(pattern(100_000, seed: 1)) }
    func dataReceived(_ data: Span<UInt8>) {}
    func connectionLost(_ error: (any Error)?) { end.setResult(error) }
  }

  @Test(arguments: BackendKind.all)
  func `is what a client without a certificate fails with, whatever it does`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startEcho(.showing("server", clients: .required))
      for round in 0..<10 {
        let stream = try await connect(server.port)
        let error = await #expect(throws: TLSError.self) {
          for _ in 0..<200 { try await stream.write(pattern(50_000, seed: 1)) }
          _ = try await stream.readLine()
        }
        #expect(error?.kind == .alert(.certificateRequired), "round \(round)")
        stream.abort()
      }
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `is not waited for when a reset comes alone`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let peer = try HandMadePeer(.showing("server"), on: far)
      let shaking = Task { try await peer.handshake() }
      try await near.startTLS(.trusting(), host: "localhost")
      try await shaking.value
      try await near.write("the first words")
      try await turns { far.reader.handle.transport.unreadCount > 0 }
      far.abort()
      let error = await #expect(throws: SystemError.self) {
        for _ in 0..<100 { try await near.write(pattern(100_000, seed: 1)) }
      }
      #expect(error?.code == .connectionReset || error?.code == .brokenPipe)
      await #expect(throws: SystemError.self) { try await near.readLine() }
      await #expect(throws: SystemError.self) { try await near.close() }
    }
  }
}
