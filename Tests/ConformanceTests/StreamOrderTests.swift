// SPDX-License-Identifier: Apache-2.0
// Orders of completions that a backend may choose but rarely does.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Orders of completions", .timeLimit(.minutes(1))) struct StreamOrderTests {
  /// A stream that pulls, on a socket whose other end the test has.
  private func pulling(_ pair: SocketPair) async throws -> ByteStream {
    let stream = try await ByteStream.adopting(dup(pair.near))
    let large = pattern(32 * 1024)
    for _ in 0..<8 {
      #expect(send(pair.far, large, large.count, 0) == large.count)
      #expect(try await stream.readExactly(large.count) == large)
    }
    return stream
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a readiness that is told while its poll is cancelled is not an end`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      let stream = try await pulling(pair)
      try await withTimeout(.seconds(10)) {
        // After some dozens of small pieces the stream goes back to receiving, and the next piece is already there.
        for number in 0..<200 {
          writeByte(pair.far, UInt8(number))
          let piece = try await stream.read(upTo: 10)
          #expect(piece == [UInt8(number)])
        }
      }
      stream.abort()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the same while nobody reads`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      for pieces in 30..<36 {
        let pair = SocketPair()
        let stream = try await pulling(pair)
        try await withTimeout(.seconds(10)) {
          for number in 0..<pieces {
            writeByte(pair.far, UInt8(number))
            let piece = try await stream.read(upTo: 10)
            #expect(piece == [UInt8(number)])
          }
          writeByte(pair.far, 1)
          try await sleep(.milliseconds(5))
          writeByte(pair.far, 2)
          let rest = try await stream.readExactly(2)
          #expect(rest == [1, 2])
        }
        stream.abort()
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a write that a reset cuts short fails`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let writing = Task {
        try await pair.client.writer.write(pattern(32_000_000))
        try await pair.client.writer.close()
      }
      _ = try await pair.accepted.reader.readExactly(8_000_000)
      pair.accepted.writer.abort()
      await #expect(throws: SystemError.self) { try await writing.value }
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a stream may be without a limit`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: .max)
      try await pair.client.writer.write("hello\n")
      #expect(try await pair.accepted.reader.readLine() == "hello")
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `what is asked for costs no memory before it comes`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      let stream = try await pulling(pair)
      #expect(send(pair.far, pattern(32 * 1024), 32 * 1024, 0) == 32 * 1024)
      shutdown(pair.far, Int32(SHUT_WR))
      let error = await #expect(throws: IncompleteReadError.self) { try await stream.readExactly(.max) }
      #expect(error?.partial.count == 32 * 1024)
      stream.abort()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `writers wait while a file is sent`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("server")
    let file = open(path, O_CREAT | O_RDWR, 0o600)
    #expect(ftruncate(file, 64_000_000) == 0)
    defer { close(file) }
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let sending = Task { try await pair.client.writer.sendFile(descriptor: file) }
      let piece = pattern(100_000)
      let writing = Task {
        while !Task.isCancelled { try await pair.client.writer.write(piece) }
      }
      var most = 0
      var received = 0
      while received < 60_000_000 {
        received += try await pair.accepted.reader.readExactly(200_000).count
        // The socket fills up in between.
        try await sleep(.microseconds(200))
        most = max(most, pair.client.writer.pendingBytes)
      }
      #expect(most < 500_000, "\(most)")
      writing.cancel()
      pair.client.writer.abort()
      _ = try? await sending.value
      _ = try? await writing.value
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a file is sent in one piece though another one has to be copied`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("server")
    let content = pattern(12_000_000)
    let file = open(path, O_CREAT | O_RDWR, 0o600)
    #expect(write(file, content, content.count) == content.count)
    close(file)
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      // A file that sendfile(2) refuses.
      let copied = Task { try await pair.client.writer.sendFile("/proc/self/status") }
      let sent = Task { try await pair.client.writer.sendFile(path) }
      // Whichever was opened first is sent first, and the other one waits for the reader, too.
      let beginning = try await pair.accepted.reader.readExactly(content.count)
      let count = try await copied.value
      #expect(count > 0)
      let all = try await beginning + pair.accepted.reader.readExactly(count)
      #expect(try await sent.value == content.count)
      let isWhole = Array(all.prefix(content.count)) == content || Array(all.suffix(content.count)) == content
      #expect(isWhole)
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a close that is cancelled closes both halves`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (incoming, outgoing) = (try await makePipe(), try await makePipe())
      let stream = ByteStream(reader: incoming.reader, writer: outgoing.writer)
      let closing = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await stream.close()
      }
      await #expect(throws: CancellationError.self) { try await closing.value }
      let end = try await withTimeout(.seconds(10)) { try await outgoing.reader.read(upTo: 1) }
      #expect(end.isEmpty)
      withExtendedLifetime(stream) {}
      incoming.writer.abort()
      outgoing.reader.abort()
    }
  }
}

private func writeByte(_ descriptor: Int32, _ byte: UInt8) {
  var byte = byte
  precondition(write(descriptor, &byte, 1) == 1)
}
