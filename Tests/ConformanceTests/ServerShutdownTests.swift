// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("The shutdown of a server", .timeLimit(.minutes(1))) struct ServerShutdownTests {
  /// Answers each line with the number of bytes that it asks for.
  static let answering: StreamHandler = { stream in
    while let line = try await stream.readLine() { try await stream.write(pattern(Int(line) ?? 0)) }
  }

  @Test(arguments: BackendKind.conforming)
  func `connections that are idle end at once`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let host = backend.ownHost(1)
      let server = try await startServer(host: host, port: 0, handler: Self.answering)
      let start = EventLoop.current.time
      let clients = try await gather(0..<3, limit: 3) { _ in
        let client = try await ByteStream.connect(host: host, port: server.port)
        try await client.write("10\n")
        #expect(try await client.readExactly(10) == pattern(10))
        return client
      }
      let ends = Task {
        try await gather(clients, limit: 3) { client in
          #expect(try await client.readToEnd() == [])
          try await client.close()
        }
      }
      let summary = await server.shutdown(drain: .seconds(3600))
      #expect(summary.description == "3 connections drained, 0 aborted")
      #expect(start.duration(to: EventLoop.current.time) < .seconds(30))
      _ = try await ends.value
      await #expect(throws: SystemError.self) { try await ByteStream.connect(host: host, port: server.port) }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `peers that don't close hold nothing up`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.answering)
      let start = EventLoop.current.time
      let asked = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await asked.write("1\n")
      _ = try await asked.readExactly(1)
      let silent = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await turns { try await server.statistics.open == 2 }
      let summary = await server.shutdown(drain: .seconds(3600))
      #expect(summary.drained == 2)
      #expect(summary.aborted == 0)
      #expect(start.duration(to: EventLoop.current.time) < .seconds(30))
      asked.abort()
      silent.abort()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a request in the middle is answered`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.answering)
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("4000")
      try await turns { try await server.statistics.bytesReceived == 4 }
      let ending = Task { await server.shutdown(drain: .seconds(3600)) }
      try await turns { !server.isServing }
      try await client.write("000\n")
      expectSame(try await client.readToEnd(), pattern(4_000_000))
      try await client.close()
      #expect(await ending.value == ShutdownSummary(drained: 1, aborted: 0))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `not a byte of an answer is lost to a peer that goes on asking`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        repeat {
          guard let line = try await stream.readLine() else { return }
          try await stream.write(pattern(Int(line) ?? 0))
        } while !stream.isServerShuttingDown
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("4000")
      try await turns { try await server.statistics.bytesReceived == 4 }
      let ending = Task { await server.shutdown(drain: .seconds(3600)) }
      try await turns { !server.isServing }
      try await client.write("000\n")
      let asking = Task {
        while true {
          try await client.write("1000\n")
          try await sleep(.microseconds(100))
        }
      }
      // If it closed with these unread, the server's socket would drop its unsent bytes.
      expectSame(try await client.readToEnd(), pattern(4_000_000))
      asking.cancel()
      _ = await asking.result
      try await client.close()
      #expect(await ending.value == ShutdownSummary(drained: 1, aborted: 0))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what is left at the deadline is reset, and its handler cancelled`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let log = Log()
      EventLoop.current.setExceptionHandler { _, context in log.append("\(context)") }
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        try await stream.write("hello\n")
        do { try await sleep(.seconds(100_000)) } catch {
          log.append(currentCancelReason?.description ?? "nobody knows why")
          throw error
        }
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await client.readLine() == "hello")
      let start = EventLoop.current.time
      let summary = await server.shutdown(drain: .milliseconds(20))
      #expect(summary.description == "0 connections drained, 1 aborted")
      #expect(start.duration(to: EventLoop.current.time) >= .milliseconds(20))
      await #expect(throws: SystemError.self) { try await client.readToEnd() }
      try await turns { !log.entries.isEmpty }
      #expect(log.entries == ["cancelled: the server shuts down"])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a peer that has had everything and doesn't close is not a failure`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.answering)
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("100\n")
      _ = try await client.readExactly(50)
      let summary = await server.shutdown(drain: .milliseconds(20))
      #expect(summary == ShutdownSummary(drained: 1, aborted: 0))
      #expect(try await client.readToEnd() == Array(pattern(100)[50...]))
      client.abort()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a handler that reads without answering can see it, one that still works is waited for`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let log = Log()
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        while !stream.isServerShuttingDown {
          _ = try await stream.readLine()
          log.append("line")
        }
        try await stream.close()
        try await sleep(.milliseconds(1))
        log.append("cleaned up")
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("1\n")
      try await turns { !log.entries.isEmpty }
      let ending = Task { await server.shutdown(drain: .seconds(3600)) }
      try await turns { !server.isServing }
      try await client.write("2\n")
      #expect(try await client.readToEnd() == [])
      try await client.close()
      #expect(await ending.value.drained == 1)
      #expect(log.entries == ["line", "line", "cleaned up"])
    }
  }

  @Test(.virtualTime) func `a peer that has connected has a second to ask`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.answering)
    let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    let ending = Task { await server.shutdown(drain: .seconds(3600)) }
    try await sleep(.milliseconds(900))
    try await client.write("100000\n")
    expectSame(try await client.readToEnd(), pattern(100_000))
    try await client.close()
    #expect(await ending.value.drained == 1)
  }

  @Test(arguments: BackendKind.conforming)
  func `a shutdown that is cancelled resets the rest at once`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let ending = Task { await pair.server.shutdown(drain: .seconds(3600)) }
      try await turns { !pair.server.isServing }
      ending.cancel()
      #expect(await ending.value.aborted == 1)
      await #expect(throws: SystemError.self) { try await pair.client.reader.readToEnd() }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `serveForever lets connections finish when it is cancelled`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: Self.answering)
      let serving = Task { try await server.serveForever(drain: .seconds(3600)) }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("500")
      try await turns { try await server.statistics.bytesReceived == 3 }
      serving.cancel()
      try await turns { !server.isServing }
      try await client.write("0\n")
      #expect(try await client.readToEnd() == pattern(5000))
      try await client.close()
      await #expect(throws: CancellationError.self) { try await serving.value }
    }
  }
}
