// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

/// The rest of a connection's life after its own side has closed it.
@Suite("Closing", .timeLimit(.minutes(1))) struct ClosingTests {
  static let all = BackendKind.conforming.flatMap { backend in
    [StreamKind.tcp, .unix, .pair].map { StreamCase(backend, $0) }
  }

  @Test(arguments: all)
  func `after its own close a reader finds what had arrived, and then the end`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await far.write("one\ntwo")
      // The time that the network needs: a peer that doesn't read is not told.
      try await sleep(.milliseconds(5))
      try await near.close()
      #expect(try await near.readLine() == "one")
      #expect(try await near.read(upTo: 10) == Array("two".utf8))
      #expect(try await near.read(upTo: 10).isEmpty)
      #expect(try await near.readLine() == nil)
      #expect(try await near.readToEnd().isEmpty)
      await #expect(throws: IncompleteReadError.self) { try await near.readExactly(1) }
    }
  }

  @Test(arguments: BackendKind.conforming, [true, false])
  func `an answer arrives, though its request was not read`(backend: BackendKind, closes: Bool) async throws {
    try await withEventLoop(backend: backend) {
      let answer = pattern(300_000)
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write(answer)
        if closes { try await writer.close() }
      }
      for _ in 0..<5 {
        let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
        let asking = Task { try await writer.write(pattern(1_000_000)) }
        expectSame(try await reader.readToEnd(), answer)
        try await asking.value
        try await writer.close()
      }
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a refusal arrives before the request has come`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in try await writer.write("busy\n") }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      try await turns { try await server.statistics.bytesSent == 5 }
      try await sleep(.milliseconds(10))
      for _ in 0..<10 {
        try await writer.write("request\n")
        try await sleep(.milliseconds(2))
      }
      #expect(try await reader.readToEnd() == Array("busy\n".utf8))
      try await writer.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(.virtualTime) func `a peer that does not close is waited for no longer than a second`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
      try await writer.write("bye\n")
      let begin = EventLoop.current.time
      try await writer.close()
      #expect(begin.duration(to: EventLoop.current.time) < .milliseconds(10))
    }
    let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
    let begin = EventLoop.current.time
    #expect(try await reader.readToEnd() == Array("bye\n".utf8))
    server.close()
    try await server.waitClosed()
    let waited = begin.duration(to: EventLoop.current.time)
    #expect(.milliseconds(990) < waited && waited < .milliseconds(1010))
    writer.abort()
  }

  @Test(.virtualTime) func `a peer that sends a little for ever is waited for eight seconds`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in try await writer.write("bye\n") }
    let (_, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
    let begin = EventLoop.current.time
    await #expect(throws: SystemError.self) {
      while true {
        try await writer.write("x")
        try await sleep(.milliseconds(300))
      }
    }
    let waited = begin.duration(to: EventLoop.current.time)
    #expect(.seconds(7) < waited && waited < .seconds(9))
    server.close()
    try await server.waitClosed()
  }

  @Test(arguments: BackendKind.conforming)
  func `a peer that sends much for ever is reset`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in try await writer.write("bye\n") }
      let (_, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      var sent = 0
      let piece = pattern(1 << 20)
      await #expect(throws: SystemError.self) {
        while sent < 1 << 30 {
          try await writer.write(piece)
          sent += piece.count
        }
      }
      #expect(sent >= 63 << 20)
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `closeClients ends what handlers read, and none of them is reported`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (reports, ends) = (Log(), Log())
      EventLoop.current.setExceptionHandler { _, context in reports.append("\(context)") }
      let turn = Queue<Int>(maxSize: 0)
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        switch try await turn.get() {
        case 0:
          for try await line in reader.lines { try await writer.write(line) }
          ends.append("lines")
          try await writer.write("goodbye")
        case 1: _ = try await reader.readExactly(10)
        default: _ = try await reader.readToEnd()
        }
        ends.append("end")
      }
      var clients: [ByteStream] = []
      for kind in 0..<3 {
        try await turn.put(kind)
        clients.append(try await ByteStream.connect(host: "127.0.0.1", port: server.port))
      }
      try await turns { try await server.connections.allSatisfy { $0.waitsFor?.hasPrefix("receive") == true } }
      server.close()
      server.closeClients()
      for client in clients {
        #expect(try await client.readToEnd().isEmpty)
        try await client.close()
      }
      try await server.waitClosed()
      try await turns { ends.entries.count == 2 }
      #expect(ends.entries.sorted() == ["end", "lines"])
      #expect(reports.entries.isEmpty)
    }
  }
}
