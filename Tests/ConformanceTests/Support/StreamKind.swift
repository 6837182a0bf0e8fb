// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import AsyncIOTesting
import Testing

@testable import AsyncIO

enum StreamKind: String, CaseIterable, Sendable {
  case tcp, unix, pair, pipes
}

/// A kind of stream on a kind of backend.
struct StreamCase: Sendable, CustomTestStringConvertible {
  let backend: BackendKind
  let kind: StreamKind

  init(_ backend: BackendKind, _ kind: StreamKind) {
    self.backend = backend
    self.kind = kind
  }

  var testDescription: String { "\(kind.rawValue) on \(backend)" }

  /// Runs the body on a loop of this backend with both ends of a stream.
  func withStreams(
    _ body: @escaping @Sendable (_ near: ByteStream, _ far: ByteStream) async throws -> Void
  ) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await connected()
      try await body(near, far)
      near.abort()
      far.abort()
    }
  }

  private nonisolated(nonsending) func connected() async throws -> (ByteStream, ByteStream) {
    switch kind {
    case .tcp: try await accepted(at: .loopback(port: 0))
    case .unix: try await accepted(at: SocketAddress(abstractName: "asyncio-\(UInt64.random(in: 0 ... .max))")!)
    case .pair: try await ByteStream.pair()
    case .pipes: try await pipes()
    }
  }

  private nonisolated(nonsending) func pipes() async throws -> (ByteStream, ByteStream) {
    let there = try await makePipe()
    let back = try await makePipe()
    return (
      ByteStream(reader: back.reader, writer: there.writer), ByteStream(reader: there.reader, writer: back.writer)
    )
  }

  private nonisolated(nonsending) func accepted(at address: SocketAddress) async throws -> (ByteStream, ByteStream) {
    let arrived = Queue<ByteStream>(maxSize: 1)
    let server = try await startServer(at: .address(address)) { stream in
      try await arrived.put(stream)
    }
    let near = try await ByteStream.connect(to: server.addresses[0])
    let far = try await arrived.get()
    server.close()
    return (near, far)
  }
}

extension ByteStream {
  /// Whether a task waits to read. On the stream's loop.
  var waitsToRead: Bool { reader.handle.transport.reader != nil }
}

extension StreamReader {
  /// Whether so much is unread that the stream has stopped receiving. On the stream's loop.
  var isPaused: Bool {
    let input = handle.transport.state.input
    return input.isPaused && !input.hasOperation
  }

  /// How many bytes have arrived but were not read. On the stream's loop.
  var unreadCount: Int { handle.transport.unreadCount }

  /// Whether the end has come, read or not. On the stream's loop.
  var handleHasEnded: Bool { handle.transport.inputIsOver }
}

extension StreamWriter {
  /// The number of its descriptor. On the stream's loop.
  var descriptorForTests: Int32 { handle.transport.number }
}

extension DatagramSocket {
  /// Whether a task waits to receive. On the socket's loop.
  var hasReceivers: Bool { transport.hasReceivers }
}
