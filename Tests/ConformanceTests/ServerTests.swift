// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite("Servers") struct ServerTests {
  struct HandlerFailed: Error {}

  @Test(arguments: BackendKind.conforming)
  func `a name with a zero byte is not the name before it`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      for host in ["127.0.0.1\0.example.org", "localhost\0.example.org"] {
        await #expect(throws: NameError.self) { _ = try await openConnection(host: host, port: server.port) }
      }
      server.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `hundreds of connections at once are each answered`(backend: BackendKind) async throws {
    let answers = try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 512)) {
        reader, writer in
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

  @Test(arguments: BackendKind.conforming)
  func `an error in a handler reaches the exception handler and resets the connection`(
    backend: BackendKind
  ) async throws {
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

  @Test(arguments: BackendKind.conforming)
  func `a peer that resets its connection is not a failure of the handler, whose task has the error all the same`(
    backend: BackendKind
  ) async throws {
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

  @Test(arguments: BackendKind.conforming)
  func `close stops listening and leaves connections alone; waitClosed waits for them`(
    backend: BackendKind
  ) async throws {
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

  @Test(arguments: BackendKind.conforming)
  func `abortClients resets every connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      pair.server.close()
      pair.server.abortClients()
      await #expect(throws: SystemError.self) { try await pair.client.reader.readToEnd() }
      try await pair.server.waitClosed()
      pair.client.writer.abort()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `both ends know their addresses`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      #expect(pair.client.writer.peerAddress == pair.server.addresses[0])
      #expect(pair.accepted.writer.localAddress == pair.server.addresses[0])
      #expect(pair.accepted.writer.peerAddress == pair.client.writer.localAddress)
      #expect(pair.server.addresses[0].host == "127.0.0.1")
      try await pair.close()
    }
  }

  @Test(arguments: JobOrderTests.ordered)
  func `IPv6 and IPv4 are served at once`(backend: BackendKind) async throws {
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
