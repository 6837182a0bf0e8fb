// SPDX-License-Identifier: Apache-2.0
// The kernel reports a loss once, to the first send or receive that asks. The streams here have stopped receiving,
// since much is unread, so the send learns of it.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Lost connections", .timeLimit(.minutes(1))) struct LossTests {
  private static let limit = 1024

  /// Makes `near` receive until it stops, and `far` send `rest` further bytes.
  private nonisolated(nonsending) func fill(_ pair: ConnectedPair, rest: Int) async throws -> [UInt8] {
    let first = pattern(40_000, seed: 1)
    try await pair.accepted.writer.write(first)
    try await turns { pair.client.reader.isPaused }
    let last = pattern(rest, seed: 2)
    try await pair.accepted.writer.write(last)
    return first + last
  }

  /// Writes until it fails, as it must after a reset.
  private nonisolated(nonsending) func failingWrite(_ writer: StreamWriter) async throws -> SystemError {
    let error = await #expect(throws: SystemError.self) {
      while true {
        try await writer.write("x")
        try await sleep(.milliseconds(1))
      }
    }
    return try #require(error)
  }

  @Test(arguments: BackendKind.conforming)
  func `a reset that a send has met is an error to the reader, after all that had arrived`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: Self.limit)
      let sent = try await fill(pair, rest: 3000)
      pair.accepted.writer.abort()
      let error = try await failingWrite(pair.client.writer)
      #expect(error.code == .connectionReset && error.operation == "send")
      expectSame(try await pair.client.reader.readExactly(sent.count), sent)
      let loss = await #expect(throws: SystemError.self) { try await pair.client.reader.readToEnd() }
      #expect(loss?.code == .connectionReset && loss?.operation == "receive")
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an answer that a reset cuts off is not a whole one, though a write was waiting`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: Self.limit)
      let writing = Task { try await pair.client.writer.write(pattern(20_000_000)) }
      _ = try await fill(pair, rest: 10_000)
      try await turns { pair.accepted.reader.isPaused }
      pair.accepted.writer.abort()
      let failed = await #expect(throws: SystemError.self) { try await writing.value }
      #expect(failed?.code == .connectionReset || failed?.code == .brokenPipe)
      let loss = await #expect(throws: SystemError.self) { try await pair.client.reader.readToEnd() }
      #expect(loss?.code == .connectionReset)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a peer's own end stays one, though later sends fail`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: Self.limit)
      let sent = try await fill(pair, rest: 3000)
      try await pair.accepted.writer.writeEOF()
      try await sleep(.milliseconds(5))
      pair.accepted.writer.abort()
      let error = try await failingWrite(pair.client.writer)
      #expect(error.code == .brokenPipe)
      expectSame(try await pair.client.reader.readToEnd(), sent)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what a peer said before it refused an upload is read after the failed write`(backend: BackendKind) async throws
  {
    try await withEventLoop(backend: backend) {
      for _ in 0..<20 {
        let pair = try await ConnectedPair()
        let writing = Task { try await pair.client.writer.write(pattern(20_000_000)) }
        try await turns { pair.accepted.reader.isPaused }
        try await pair.accepted.writer.write("413\n")
        try await sleep(.milliseconds(5))
        pair.accepted.writer.abort()
        await #expect(throws: SystemError.self) { try await writing.value }
        #expect(try await pair.client.reader.readLine() == "413")
        await #expect(throws: SystemError.self) { try await pair.client.reader.readLine() }
        try await pair.close()
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a reset that the reader has met is known to the writer`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let reading = Task { try await pair.client.reader.readToEnd() }
      pair.accepted.writer.abort()
      await #expect(throws: SystemError.self) { try await reading.value }
      let error = await #expect(throws: SystemError.self) { try await pair.client.writer.write("anybody there?") }
      #expect(error?.code == .connectionReset && error?.operation == "send")
      // All written bytes had been sent.
      try await pair.client.writer.close()
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a protocol gets what had come before the send that failed`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let arrived = Queue<ByteStream>(maxSize: 1)
      let server = try await startServer(at: .loopback(port: 0)) { stream in try await arrived.put(stream) }
      let (log, lost) = (Log(), Future<Void>())
      let script = RecordingProtocol.Script(made: { $0.write(pattern(20_000_000)) })
      let near = try await ByteStream.connect(to: server.addresses[0])
      try await EventLoop.current.createConnection(over: near) { RecordingProtocol(log, lost: lost, script) }
      let far = try await arrived.get()
      try await turns { far.reader.isPaused }
      try await far.write("413\n")
      try await sleep(.milliseconds(5))
      far.abort()
      try await lost.value
      #expect(log.entries.contains("data 413\n"))
      #expect(log.entries.last?.hasPrefix("lost: ") == true)
      server.close()
      try await server.waitClosed()
    }
  }
}
