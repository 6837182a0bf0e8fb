// SPDX-License-Identifier: Apache-2.0
// TLS in streams, on every backend: the behaviour of a session in memory must hold on a loop, too.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("A TLS stream", .timeLimit(.minutes(1))) struct TLSStreamTests {
  @Test(arguments: BackendKind.all)
  func `carries bytes both ways, and knows what was agreed on`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(
        host: "127.0.0.1", port: 0, tls: TLSConfiguration.showing("server").with { $0.applicationProtocols = ["echo"] }
      ) { stream in
        #expect(stream.tls?.applicationProtocol == "echo" && stream.tls?.serverName == "example.test")
        while let line = try await stream.readLine() { try await stream.write("<\(line)>\n") }
        try await stream.close()
      }
      let client = TLSConfiguration.trusting().with { $0.applicationProtocols = ["x", "echo"] }
      let stream = try await connect(server.port, client, name: "example.test")
      #expect(stream.tls?.version == .tls13 && stream.tls?.applicationProtocol == "echo")
      #expect(stream.tls?.peerCertificate?.names.contains("example.test") == true)
      for number in 0..<5 {
        try await stream.write("line \(number)\n")
        #expect(try await stream.readLine() == "<line \(number)>")
      }
      try await stream.writeEOF()
      #expect(try await stream.readLine() == nil)
      try await stream.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `runs over Unix sockets and any other address`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let address = try #require(SocketAddress(abstractName: "asyncio-tls-\(UInt64.random(in: 0 ... .max))"))
      let server = try await startServer(at: .address(address), tls: .showing("server")) { stream in
        try await stream.write(try await stream.readLine() ?? "")
        try await stream.close()
      }
      let stream = try await ByteStream.connect(to: address)
      try await stream.startTLS(.trusting(), host: "example.test")
      try await stream.write("over a Unix socket\n")
      #expect(try await stream.readToEnd() == Array("over a Unix socket".utf8))
      try await stream.close()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `comes in two halves as well`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { reader, writer in
        #expect(writer.tls?.version == .tls13)
        try await writer.write(try await reader.readToEnd())
        try await writer.close()
      }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port, tls: .trusting())
      try await writer.write("hello")
      try await writer.writeEOF()
      await #expect(throws: StreamError.writeAfterEnd) { try await writer.write("more") }
      #expect(try await reader.readToEnd() == Array("hello".utf8))
      try await writer.close()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all, [TLSVersion.tls12, .tls13])
  func `carries megabytes both ways at once`(backend: BackendKind, version: TLSVersion) async throws {
    try await withEventLoop(backend: backend) {
      let (up, down) = (pattern(3_000_000, seed: 1), pattern(3_000_000, seed: 2))
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        let sending = Task {
          for start in stride(from: 0, to: down.count, by: 70_001) {
            try await stream.write(down[start..<min(start + 70_001, down.count)])
          }
          try await stream.writeEOF()
        }
        expectSame(try await stream.readToEnd(), up)
        try await sending.value
        try await stream.close()
      }
      let stream = try await connect(server.port, .trusting().with { $0.maximumVersion = version })
      let sending = Task {
        try await stream.write(up)
        try await stream.writeEOF()
      }
      expectSame(try await stream.readToEnd(), down)
      try await sending.value
      try await stream.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `makes its peer wait if nobody reads`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let bytes = pattern(8_000_000, seed: 3)
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        try await stream.write(bytes)
        try await stream.close()
      }
      let stream = try await connect(server.port)
      try await sleep(.milliseconds(20))
      // Twice the limit, and the data that io_uring had delivered by then: its 64 buffers of 32 KiB.
      #expect(stream.reader.handle.transport.unreadCount < 128 * 1024 + 64 * 32 * 1024 + 64 * 1024)
      expectSame(try await stream.readToEnd(), bytes)
      try await stream.close()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `begins in the middle of a conversation, on both sides`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        try await stream.write("220 ready\n")
        guard try await stream.readLine() == "STARTTLS" else { return }
        try await stream.write("220 go ahead\n")
        try await stream.startTLS(.showing("server"))
        while let line = try await stream.readLine() { try await stream.write("secret \(line)\n") }
        try await stream.close()
      }
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await stream.readLine() == "220 ready")
      #expect(stream.tls == nil)
      try await stream.write("STARTTLS\n")
      #expect(try await stream.readLine() == "220 go ahead")
      try await stream.startTLS(.trusting(), host: "localhost")
      #expect(stream.tls?.version == .tls13)
      try await stream.write("word\n")
      #expect(try await stream.readLine() == "secret word")
      await #expect(throws: StreamError.filtered) { try await stream.startTLS(.trusting(), host: "localhost") }
      try await stream.write("again\n")
      #expect(try await stream.readLine() == "secret again")
      try await stream.close()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `takes over what has arrived before it begins`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        #expect(try await reader.readLine() == "STARTTLS")
        // The hello has arrived by now.
        try await turns { writer.handle.transport.unreadCount > 100 }
        try await writer.startTLS(.showing("server"))
        try await writer.write("hello\n")
        #expect(try await reader.readLine() == "hi")
        try await writer.close()
      }
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("STARTTLS\n")
      try await stream.startTLS(.trusting(), host: "localhost")
      #expect(try await stream.readLine() == "hello")
      try await stream.write("hi\n")
      #expect(try await stream.readToEnd().isEmpty)
      try await stream.close()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `is half closed by writeEOF`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        let question = try await stream.readToEnd()
        try await stream.write(question + question)
        try await stream.close()
      }
      let stream = try await connect(server.port)
      try await stream.write("abc")
      try await stream.writeEOF()
      #expect(try await stream.readToEnd() == Array("abcabc".utf8))
      try await stream.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `takes what any stream takes: pieces, spans, files, all of it encrypted`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let content = Array(TestCertificates.shared.text("server.pem").utf8)
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        try await stream.write(contentsOf: [Array("one ".utf8), [], pattern(100_000, seed: 4)])
        let bytes = pattern(70_000, seed: 5)
        try await stream.write(bytes.span.bytes)
        try await stream.writer.writeZeroCopy(pattern(300_000, seed: 6))
        if backend != .virtual { _ = try await stream.writer.sendFile(TestCertificates.shared.path("server.pem")) }
        try await stream.close()
      }
      let stream = try await connect(server.port)
      #expect(try await stream.readExactly(4) == Array("one ".utf8))
      expectSame(try await stream.readExactly(100_000), pattern(100_000, seed: 4))
      expectSame(try await stream.readExactly(70_000), pattern(70_000, seed: 5))
      expectSame(try await stream.readExactly(300_000), pattern(300_000, seed: 6))
      if backend != .virtual { expectSame(try await stream.readToEnd(), content) }
      try await stream.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `is closed after a body, and reset if that throws`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        // The second client leaves before that or after.
        try? await stream.write("hello\n")
        _ = try? await stream.readToEnd()
      }
      let line = try await withConnection(host: "127.0.0.1", port: server.port, tls: .trusting()) { stream in
        try await stream.readLine()
      }
      #expect(line == "hello")
      // A handshake may end at the very moment when the connection is lost.
      EventLoop.current.setExceptionHandler { _, _ in }
      struct Stop: Error {}
      await #expect(throws: Stop.self) {
        try await withConnection(host: "127.0.0.1", port: server.port, tls: .trusting()) { _ in throw Stop() }
      }
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `is resumed by the next connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startEcho()
      let client = TLSConfiguration.trusting()
      var resumed: [Bool] = []
      for _ in 0..<3 {
        let stream = try await connect(server.port, client)
        try await stream.write("x")
        #expect(try await stream.readExactly(1) == [0x78])
        resumed.append(stream.tls?.isResumed == true)
        try await stream.close()
      }
      #expect(resumed == [false, true, true])
      try await server.stop()
    }
  }

  @Test func `works on a loop that is not the caller's`() async throws {
    let server = try await startEcho()
    let stream = try await connect(server.port)
    try await stream.write("hello")
    #expect(try await stream.readExactly(5) == Array("hello".utf8))
    try await stream.close()
    let plain = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    try await plain.startTLS(.trusting(), host: "127.0.0.1")
    try await plain.write("hello")
    #expect(try await plain.readExactly(5) == Array("hello".utf8))
    try await plain.close()
    server.close()
    try await server.waitClosed()
  }

  @Test(arguments: BackendKind.all)
  func `serves many at once`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startEcho()
      let client = TLSConfiguration.trusting()
      try await withThrowingTaskGroup { group in
        for number in 0..<40 {
          group.addTask {
            let stream = try await connect(server.port, client)
            let bytes = pattern(20_000, seed: UInt64(number))
            try await stream.write(bytes)
            expectSame(try await stream.readExactly(bytes.count), bytes)
            try await stream.close()
          }
        }
        try await group.waitForAll()
      }
      server.close()
      try await server.waitClosed()
    }
  }
}
