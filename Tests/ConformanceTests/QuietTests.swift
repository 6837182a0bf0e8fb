// SPDX-License-Identifier: Apache-2.0
// An idle loop sleeps, whatever its descriptors have to report.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("A loop with nothing to do", .timeLimit(.minutes(1))) struct QuietTests {
  /// How many turns an idle loop takes in a tenth of a second.
  private func turnsTaken() async throws -> Int {
    // Operations in progress end.
    try await sleep(.milliseconds(20))
    let before = EventLoop.current.statistics.turns
    try await sleep(.milliseconds(100))
    return EventLoop.current.statistics.turns - before
  }

  @Test(arguments: BackendKind.ofAKernel, [0, 10, 100_000, 400_000])
  func `sleeps while a stream that nobody reads has ended`(backend: BackendKind, unread: Int) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      if unread > 0 { try await pair.client.writer.write(pattern(unread)) }
      try await pair.client.writer.writeEOF()
      #expect(try await turnsTaken() < 10)
      pair.client.writer.abort()
      #expect(try await turnsTaken() < 10)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `sleeps while a protocol that has paused is at the end of its stream`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      let stream = try await ByteStream.adopting(dup(pair.near))
      let kept = Kept()
      var script = RecordingProtocol.Script()
      script.made = { kept.transport = $0 }
      script.received = { transport, _ in transport.pauseReading() }
      script.ended = { _ in true }
      let used = script
      let log = Log()
      try await EventLoop.current.createConnection(over: stream) { RecordingProtocol(log, used) }
      write("hello", to: pair.far)
      try await turns { !log.entries.filter { $0 == "data hello" }.isEmpty }
      write("more", to: pair.far)
      shutdown(pair.far, Int32(SHUT_WR))
      #expect(try await turnsTaken() < 10)
      kept.transport?.resumeReading()
      try await turns { log.entries.contains("data more") }
      kept.transport?.resumeReading()
      try await turns { log.entries.contains("eof") }
      #expect(try await turnsTaken() < 10)
      kept.transport?.abort()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `sleeps while a full server's backlog waits`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, limits: ServerLimits(connections: 1)) { stream in
        _ = try await stream.readToEnd()
      }
      let streams = try await gather((0..<4).map { _ in server.port }) { port in
        try await ByteStream.connect(host: "127.0.0.1", port: port)
      }
      #expect(try await turnsTaken() < 10)
      for stream in streams { stream.abort() }
      server.close()
      server.abortClients()
      try await server.waitClosed()
    }
  }
}
