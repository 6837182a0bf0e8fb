// SPDX-License-Identifier: Apache-2.0
// Code that always finds something ready never waits, but a task learns of its cancellation through cancelled waits. So
// a task that is cancelled meanwhile repeats each operation here, on every backend: the task has to end.

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Cancellation of what never waits") struct ReadyCancellationTests {
  /// Repeats the operation in a task, lets it run for a while, and cancels it. Not by a time limit: time stands still
  /// in a virtual run whose tasks never wait.
  private static func expectEnd(
    _ name: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ operation: @Sendable @escaping () async throws -> Void
  ) async throws {
    let task = createTask { while true { try await operation() } }
    for _ in 0..<10 { try await sleep(.zero) }
    task.cancel()
    await #expect(throws: CancellationError.self, name, sourceLocation: sourceLocation) { try await task.value }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancellation ends reads that always find bytes`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 1 << 20)
      let (reader, writer) = (pair.accepted.reader, pair.client.writer)
      let writing = Task {
        let lines = Array(String(repeating: "y\n", count: 8192).utf8)
        while true { try await writer.write(lines) }
      }
      try await Self.expectEnd("lines") { for try await _ in reader.lines {} }
      try await Self.expectEnd("readLine") { _ = try await reader.readLine() }
      try await Self.expectEnd("read") { _ = try await reader.read(upTo: 1) }
      try await Self.expectEnd("readExactly") { _ = try await reader.readExactly(2) }
      try await Self.expectEnd("readUntil") { _ = try await reader.readUntil([0x0a]) }
      try await Self.expectEnd("readUntil(anyOf:)") { _ = try await reader.readUntil(anyOf: [[0x0a], [0x79]]) }
      try await Self.expectEnd("withBytes") { try await reader.withBytes { _ in 1 } }
      try await Self.expectEnd("chunks") { for try await _ in reader.chunks(upTo: 3) {} }
      try await Self.expectEnd("readToEnd") { _ = try await reader.readToEnd(upTo: .max) }
      writing.cancel()
      writer.abort()
      reader.abort()
      _ = await writing.result
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancellation ends reads at the end of a stream`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      try await pair.client.writer.writeEOF()
      try await Self.expectEnd("read") { _ = try await pair.accepted.reader.read(upTo: 1) }
      try await Self.expectEnd("readLine") { _ = try await pair.accepted.reader.readLine() }
      try await Self.expectEnd("readToEnd") { _ = try await pair.accepted.reader.readToEnd() }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancellation ends writes that always find room`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let writer = pair.client.writer
      let reading = Task { for try await _ in pair.accepted.reader.chunks() {} }
      try await Self.expectEnd("write") { try await writer.write([1]) }
      try await Self.expectEnd("write a slice") { try await writer.write([1, 2, 3][1...]) }
      try await Self.expectEnd("write a text") { try await writer.write("x") }
      try await Self.expectEnd("write pieces") { try await writer.write(contentsOf: [[1], [2]]) }
      try await Self.expectEnd("drain") { try await writer.drain() }
      try await pair.close()
      _ = await reading.result
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancellation ends an exchange of datagrams that never waits`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      try await Self.expectEnd("send and receive") {
        try await socket.send([1], to: socket.localAddress)
        _ = try await socket.receive()
      }
      try await Self.expectEnd("send") { try await socket.send([1], to: socket.localAddress) }
      socket.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what a cancelled task leaves behind is there for the next`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 1 << 20)
      let bytes = pattern(10_000)
      try await pair.client.writer.write(bytes)
      _ = try await pair.accepted.reader.withBytes(atLeast: bytes.count) { _ in 0 }
      var read: [UInt8] = []
      while read.count < bytes.count {
        // Cancelled before it begins: it takes what is available, and stops when its budget is used up.
        let part = await Task {
          withUnsafeCurrentTask { $0?.cancel() }
          var part: [UInt8] = []
          do { while true { part += try await pair.accepted.reader.readExactly(1) } } catch {}
          return part
        }.value
        #expect(!part.isEmpty && part.count <= 64)
        if part.isEmpty { break }
        read += part
      }
      #expect(read == bytes)
      try await pair.close()
    }
  }
}
