// SPDX-License-Identifier: Apache-2.0
// Cancellation at every point of an operation's life: before it begins, while it waits, in the turn in which its result
// has arrived, and after.

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Cancellation") struct CancellationTests {
  @Test(arguments: BackendKind.conforming)
  func `a read that is cancelled while it waits loses nothing`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      for round in 0..<20 {
        let reading = Task { try await pair.accepted.reader.readExactly(4) }
        try await turns { EventLoop.current.statistics.waiting > 0 }
        try await pair.client.writer.write([UInt8(round), 1])
        if round % 2 == 0 { try await sleep(.milliseconds(1)) }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        try await pair.client.writer.write([2, 3])
        #expect(try await pair.accepted.reader.readExactly(4) == [UInt8(round), 1, 2, 3])
      }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `bytes that have arrived beat a cancellation`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.write("there")
      #expect(try await pair.accepted.reader.readExactly(1) == Array("t".utf8))
      let reading = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await pair.accepted.reader.readExactly(4)
      }
      #expect(try await reading.value == Array("here".utf8))
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a read in a cancelled task throws if nothing is there, and the stream stays usable`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let reading = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await pair.accepted.reader.read(upTo: 4)
      }
      await #expect(throws: CancellationError.self) { try await reading.value }
      try await pair.client.writer.write("later")
      #expect(try await pair.accepted.reader.readExactly(5) == Array("later".utf8))
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled connect closes the connection that arrives late`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let log = Log()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
        log.append(try await reader.readToEnd().isEmpty ? "ended" : "data")
      }
      for _ in 0..<10 {
        let connecting = Task { try await openConnection(host: "127.0.0.1", port: server.port) }
        try await sleep(.zero)
        connecting.cancel()
        // Either it was refused at once, or it succeeded: then dropping it closes it.
        _ = await connecting.result
      }
      try await turns { EventLoop.current.statistics.waiting <= 1 }
      server.close()
      try await server.waitClosed()
      #expect(!log.entries.contains("data"))
      #expect(EventLoop.current.statistics.operationsInFlight == 0)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a connect in a cancelled task throws and leaves nothing open`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      let connecting = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        _ = try await openConnection(host: "127.0.0.1", port: server.port)
      }
      await #expect(throws: CancellationError.self) { try await connecting.value }
      server.close()
      try await server.waitClosed()
      try await turns { EventLoop.current.statistics.operationsInFlight == 0 }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled write was taken and arrives`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let bytes = pattern(10_000_000)
      let writing = Task { try await pair.client.writer.write(bytes) }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      writing.cancel()
      await #expect(throws: CancellationError.self) { try await writing.value }
      expectSame(try await pair.accepted.reader.readExactly(bytes.count), bytes)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled close closes all the same`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let bytes = pattern(10_000_000)
      let closing = Task {
        try? await pair.client.writer.write(bytes)
        try await pair.client.writer.close()
      }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      closing.cancel()
      await #expect(throws: CancellationError.self) { try await closing.value }
      expectSame(try await pair.accepted.reader.readToEnd(), bytes)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `cancelling serveForever closes the server`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      let serving = Task { try await server.serveForever() }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      serving.cancel()
      await #expect(throws: CancellationError.self) { try await serving.value }
      try await server.waitClosed()
      await #expect(throws: SystemError.self) { try await openConnection(host: "127.0.0.1", port: server.port) }
    }
  }
}
