// SPDX-License-Identifier: Apache-2.0
// How long closing may take, for any behaviour of the peer.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIO
@testable import AsyncIOTLS

@Suite("Closing a TLS stream", .timeLimit(.minutes(1))) struct TLSClosingTests {
  @Test(.virtualTime) func `waits half a minute for a peer that does not end its side`() async throws {
    _ = Reports()
    let release = AsyncIO.Event()
    let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
      #expect(try await stream.readToEnd() == Array("bye".utf8))
      try await release.wait()
    }
    let stream = try await connect(server.port)
    try await stream.write("bye")
    let start = EventLoop.current.time
    try await stream.close()
    let waited = start.duration(to: EventLoop.current.time)
    #expect(waited >= .seconds(30) && waited < .seconds(31))
    release.set()
    server.close()
    try await server.waitClosed()
  }

  /// A stream whose peer completes the handshake and then reads nothing.
  private static func withIgnoredStream(
    _ limit: Duration, _ body: @escaping @Sendable (ByteStream) async throws -> Void
  ) async throws {
    let (near, far) = try await ByteStream.pair()
    let peer = try HandMadePeer(.showing("server"), on: far)
    let shaking = Task { try await peer.handshake() }
    try await near.startTLS(.trusting().with { $0.shutdownTimeLimit = limit }, host: "localhost")
    try await shaking.value
    // More than the transports in between can hold: the stream takes the bytes, and keeps those that it can't send.
    let writing = Task { try await near.write(pattern(8_000_000, seed: 1)) }
    try await turns { near.writer.pendingBytes > 64 * 1024 }
    writing.cancel()
    await #expect(throws: CancellationError.self) { try await writing.value }
    try await body(near)
    peer.stream.abort()
  }

  @Test(arguments: BackendKind.all)
  func `ends in its time when the peer does not read`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      try await Self.withIgnoredStream(.milliseconds(20)) { stream in
        let error = await #expect(throws: TLSError.self) { try await stream.close() }
        #expect(error?.kind == .shutdownTimedOut(after: .milliseconds(20)))
        #expect(
          error.map { "\($0)" } == "TLS send to localhost: peer did not receive all data within 0.02 seconds")
        #expect(stream.writer.pendingBytes == 0)
      }
    }
  }

  @Test(arguments: BackendKind.all)
  func `ends in its time when it is forgotten, and when its task is cancelled`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      try await Self.withIgnoredStream(.milliseconds(20)) { stream in
        let closing = Task { try await stream.close() }
        try await turns { stream.writer.isClosing }
        closing.cancel()
        await #expect(throws: CancellationError.self) { try await closing.value }
        try await turns { stream.writer.handle.transport.state.phase == .closed }
      }
    }
  }

  @Test(arguments: BackendKind.all)
  func `ends in its time when the peer has ended its side and does not read`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let peer = try HandMadePeer(.showing("server"), on: far)
      let shaking = Task { try await peer.handshake() }
      try await near.startTLS(.trusting().with { $0.shutdownTimeLimit = .milliseconds(20) }, host: "localhost")
      try await shaking.value
      peer.end.end()
      try await peer.flush()
      #expect(try await near.readToEnd().isEmpty)
      let writing = Task { try await near.write(pattern(8_000_000, seed: 1)) }
      try await turns { near.writer.pendingBytes > 64 * 1024 }
      writing.cancel()
      let error = await #expect(throws: TLSError.self) { try await near.close() }
      #expect(error?.kind == .shutdownTimedOut(after: .milliseconds(20)))
      peer.stream.abort()
    }
  }

  @Test(arguments: BackendKind.all)
  func `ends in its time after a handshake that failed, though its alert doesn't leave`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let writing = Task { try await near.write(pattern(8_000_000, seed: 1)) }
      try await turns { near.writer.pendingBytes > 64 * 1024 }
      writing.cancel()
      try await far.write("this is something else")
      await #expect(throws: TLSError.self) {
        try await near.startTLS(.trusting().with { $0.shutdownTimeLimit = .milliseconds(20) }, host: "localhost")
      }
      await #expect(throws: TLSError.self) { try await near.close() }
      #expect(near.writer.handle.transport.state.phase == .closed)
      far.abort()
    }
  }
}
