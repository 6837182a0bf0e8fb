// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Ends of streams") struct EndOfStreamTests {
  @Test(arguments: BackendKind.conforming)
  func `after writeEOF the other direction goes on`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.write("question")
      try await pair.client.writer.writeEOF()
      #expect(try await pair.accepted.reader.readToEnd() == Array("question".utf8))
      try await pair.accepted.writer.write("answer")
      try await pair.accepted.writer.close()
      #expect(try await pair.client.reader.readToEnd() == Array("answer".utf8))
      await #expect(throws: StreamError.writeAfterEnd) { try await pair.client.writer.write("more") }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `writeEOF comes after everything that was written`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let bytes = pattern(1_000_000)
      let writing = Task {
        try await pair.client.writer.write(bytes)
        try await pair.client.writer.writeEOF()
      }
      expectSame(try await pair.accepted.reader.readToEnd(), bytes)
      try await writing.value
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `close sends what was written`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let bytes = pattern(2_000_000)
      let writing = Task {
        try await pair.client.writer.write(bytes)
        try await pair.client.writer.close()
        try await pair.client.writer.close()
      }
      expectSame(try await pair.accepted.reader.readToEnd(), bytes)
      try await writing.value
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a reset is an error to the reader, after what had arrived`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let reading = Task { try await pair.accepted.reader.readExactly(10) }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      pair.client.writer.abort()
      do {
        _ = try await reading.value
        Issue.record("a read of a reset connection returned")
      } catch let error as SystemError {
        #expect(error.code == .connectionReset)
      }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `writing to a peer that is gone fails with its reason`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      pair.client.writer.abort()
      do {
        for _ in 0..<1000 {
          try await pair.accepted.writer.write(pattern(1000))
          try await sleep(.microseconds(100))
        }
        Issue.record("writes to a reset connection succeeded")
      } catch let error as SystemError {
        #expect(error.code == .brokenPipe || error.code == .connectionReset)
        #expect(error.operation == "send")
      }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `abort wakes every task that waits on the stream`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let reading = Task { try await pair.client.reader.read(upTo: 1) }
      let writing = Task { try await pair.client.writer.write(pattern(20_000_000)) }
      try await turns { EventLoop.current.statistics.waiting >= 2 }
      pair.client.writer.abort()
      await #expect(throws: StreamError.aborted) { try await reading.value }
      await #expect(throws: StreamError.aborted) { try await writing.value }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a connection closes when nobody holds its reader and writer`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write("bye")
      }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      #expect(try await reader.readToEnd() == Array("bye".utf8))
      try await writer.close()
      server.close()
      try await server.waitClosed()
      #expect(EventLoop.current.statistics.operationsInFlight == 0)
    }
  }
}
