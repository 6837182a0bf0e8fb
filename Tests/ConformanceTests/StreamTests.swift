// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Streams") struct StreamTests {
  @Test(arguments: BackendKind.conforming)
  func `what is written is read`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.write("hello, world\n")
      #expect(try await pair.accepted.reader.readLine() == "hello, world")
      try await pair.accepted.writer.write([1, 2, 3])
      #expect(try await pair.client.reader.readExactly(3) == [1, 2, 3])
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `megabytes arrive whole through short writes and slow reads`(backend: BackendKind) async throws {
    let sent = pattern(3_000_000)
    let received = try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let writing = Task {
        try await pair.client.writer.write(sent)
        try await pair.client.writer.close()
      }
      var received: [UInt8] = []
      var size = 1
      while true {
        let bytes = try await pair.accepted.reader.read(upTo: size)
        if bytes.isEmpty { break }
        #expect(bytes.count <= size)
        received += bytes
        size = size % 9973 + 777
        if received.count % 7 == 0 { try await sleep(.zero) }
      }
      try await writing.value
      try await pair.close()
      return received
    }
    expectSame(received, sent)
  }

  @Test(arguments: BackendKind.conforming)
  func `a read takes at most what was asked for, and the rest stays`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.write("abcdef")
      #expect(try await pair.accepted.reader.readExactly(2) == Array("ab".utf8))
      #expect(try await pair.accepted.reader.read(upTo: 3) == Array("cde".utf8))
      var buffer: [UInt8] = [9, 9, 9]
      #expect(try await pair.accepted.reader.read(into: &buffer) == 1)
      #expect(buffer == Array("f".utf8))
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `readUntil finds a separator that arrives in pieces`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let reading = Task { try await pair.accepted.reader.readUntil(Array("\r\n\r\n".utf8)) }
      for piece in ["head\r", "\n\r", "\r\n", "\r\nrest"] {
        try await pair.client.writer.write(piece)
        try await sleep(.milliseconds(2))
      }
      #expect(try await reading.value == Array("head\r\n\r\r\n\r\n".utf8))
      #expect(try await pair.accepted.reader.readExactly(4) == Array("rest".utf8))
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `lines end with LF or CRLF, and the last may lack its end`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.write("one\ntwo\r\n\nlast")
      try await pair.client.writer.writeEOF()
      var lines: [String] = []
      for try await line in pair.accepted.reader.lines { lines.append(line) }
      #expect(lines == ["one", "two", "", "last"])
      #expect(pair.accepted.reader.isAtEnd)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a line that is too long is an error once, and is dropped`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 64)
      let line = String(repeating: "x", count: 200)
      try await pair.client.writer.write(line + "\nnext\n")
      // All of it has arrived when the line is read.
      try await pair.accepted.reader.withBytes(atLeast: 128) { _ in 0 }
      await #expect(throws: LimitOverrunError.self) { try await pair.accepted.reader.readLine() }
      #expect(try await pair.accepted.reader.readLine() == "next")
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a text without a separator within the limit keeps its bytes`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 64)
      let line = String(repeating: "x", count: 100)
      try await pair.client.writer.write(line + "\nnext\n")
      await #expect(throws: LimitOverrunError.self) { try await pair.accepted.reader.readUntil([0x0a]) }
      await #expect(throws: LimitOverrunError.self) { try await pair.accepted.reader.readUntil([0x0a]) }
      #expect(try await pair.accepted.reader.readExactly(101) == Array((line + "\n").utf8))
      #expect(try await pair.accepted.reader.readLine() == "next")
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a stream that ends early says what it had`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.write("abc")
      try await pair.client.writer.close()
      await #expect(throws: IncompleteReadError(partial: Array("abc".utf8), expected: 10)) {
        try await pair.accepted.reader.readExactly(10)
      }
      #expect(try await pair.accepted.reader.read(upTo: 10) == [])
      #expect(try await pair.accepted.reader.readLine() == nil)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `two tasks cannot read one stream at a time`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let first = Task { try await pair.accepted.reader.read(upTo: 1) }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      await #expect(throws: StreamError.concurrentRead) { try await pair.accepted.reader.read(upTo: 1) }
      try await pair.client.writer.write("x")
      #expect(try await first.value == Array("x".utf8))
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `readExactly works beyond the limit, and readToEnd has one of its own`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 100)
      let bytes = pattern(50_000)
      let writing = Task {
        try await pair.client.writer.write(bytes)
        try await pair.client.writer.write(bytes)
        try await pair.client.writer.writeEOF()
      }
      expectSame(try await pair.accepted.reader.readExactly(50_000), bytes)
      await #expect(throws: LimitOverrunError.self) { try await pair.accepted.reader.readToEnd(upTo: 49_999) }
      expectSame(try await pair.accepted.reader.readToEnd(), bytes)
      try await writing.value
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a refused connection names its address and the reason`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: backend.ownHost(4), port: 0) { _, _ in }
      let port = server.port
      server.close()
      try await server.waitClosed()
      do {
        _ = try await openConnection(host: backend.ownHost(4), port: port)
        Issue.record("the connection was accepted")
      } catch let error as SystemError {
        #expect(error.description == "connect \(backend.ownHost(4)):\(port): connection refused (ECONNREFUSED)")
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an address that is taken cannot be listened at`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      do {
        _ = try await startServer(host: "127.0.0.1", port: server.port) { _, _ in }
        Issue.record("two servers listen at one address")
      } catch let error as SystemError {
        #expect(error.code == .addressInUse)
      }
      server.close()
      try await server.waitClosed()
    }
  }
}
