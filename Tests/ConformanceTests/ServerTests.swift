// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite("Servers") struct ServerTests {
  struct HandlerFailed: Error {}

  @Test("a name with a zero byte is not the name before it", arguments: BackendKind.conforming)
  func aZeroByteEndsNoName(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      for host in ["127.0.0.1\0.example.org", "localhost\0.example.org"] {
        await #expect(throws: NameError.self) { _ = try await openConnection(host: host, port: server.port) }
      }
      server.close()
    }
  }

  @Test("hundreds of connections at once are each answered", arguments: BackendKind.conforming)
  func hundredsOfConnectionsAreAnswered(backend: BackendKind) async throws {
    let answers = try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, backlog: 512) { reader, writer in
        while let line = try await reader.readLine() { try await writer.write("<\(line)>\n") }
      }
      let answers = try await withThrowingTaskGroup(of: String?.self) { group in
        for number in 0..<300 {
          group.addTask {
            let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
            try await writer.write("\(number)\n")
            let answer = try await reader.readLine()
            try await writer.close()
            return answer
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1 ?? "") }
      }
      server.close()
      try await server.waitClosed()
      return answers
    }
    #expect(answers == Set((0..<300).map { "<\($0)>" }))
  }

  @Test(
    "an error in a handler reaches the exception handler and resets the connection",
    arguments: BackendKind.conforming)
  func anErrorInAHandlerReachesTheExceptionHandler(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let log = Log()
      EventLoop.current.setExceptionHandler { _, context in log.append("\(context)") }
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in throw HandlerFailed() }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      let peer = try #require(writer.localAddress)
      await #expect(throws: SystemError.self) { try await reader.readToEnd() }
      #expect(
        log.entries == [
          "server at 127.0.0.1:\(server.port): the handler of the connection from \(peer) failed: HandlerFailed()"
        ])
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(
    "a peer that resets its connection is no failure of the handler, whose task has the error all the same",
    arguments: BackendKind.conforming)
  func aResetIsNoFailureOfTheHandler(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let log = Log()
      EventLoop.current.setExceptionHandler { _, context in log.append("\(context)") }
      let ended = Queue<String>(maxSize: 1)
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write("ready\n")
        currentTask?.addDoneCallback { task in _ = try? ended.tryPut("\(task.error.map { "\($0)" } ?? "no error")") }
        _ = try await reader.readToEnd()
      }
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await stream.readLine() == "ready")
      let local = try #require(stream.localAddress)
      stream.abort()
      #expect(try await ended.get() == "receive \(local): connection reset by peer (ECONNRESET)")
      #expect(log.entries.isEmpty)
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(
    "close stops listening and leaves connections alone; waitClosed waits for them",
    arguments: BackendKind.conforming)
  func closeLeavesConnectionsAlone(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(host: backend.ownHost(2))
      pair.server.close()
      let closed = Task { try await pair.server.waitClosed() }
      try await pair.client.writer.write("still here")
      #expect(try await pair.accepted.reader.readExactly(10) == Array("still here".utf8))
      await #expect(throws: SystemError.self) {
        try await openConnection(host: backend.ownHost(2), port: pair.server.port)
      }
      try await pair.client.writer.close()
      try await pair.accepted.writer.close()
      try await closed.value
    }
  }

  @Test("abortClients resets every connection", arguments: BackendKind.conforming)
  func abortClientsResetsEveryConnection(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      pair.server.close()
      pair.server.abortClients()
      await #expect(throws: SystemError.self) { try await pair.client.reader.readToEnd() }
      try await pair.server.waitClosed()
      pair.client.writer.abort()
    }
  }

  @Test("both ends know their addresses", arguments: BackendKind.conforming)
  func bothEndsKnowTheirAddresses(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      #expect(pair.client.writer.peerAddress == pair.server.addresses[0])
      #expect(pair.accepted.writer.localAddress == pair.server.addresses[0])
      #expect(pair.accepted.writer.peerAddress == pair.client.writer.localAddress)
      #expect(pair.server.addresses[0].host == "127.0.0.1")
      try await pair.close()
    }
  }

  @Test("IPv6 and IPv4 are served at once", arguments: JobOrderTests.ordered)
  func bothFamiliesAreServed(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(port: 0) { reader, writer in
        try await writer.write(try await reader.readToEnd())
      }
      for address in server.addresses {
        let host = address.family == .ipv6 ? "::1" : "127.0.0.1"
        let (reader, writer) = try await openConnection(host: host, port: address.port)
        try await writer.write(host)
        try await writer.writeEOF()
        #expect(try await reader.readToEnd() == Array(host.utf8))
        try await writer.close()
      }
      server.close()
      try await server.waitClosed()
    }
  }
}
