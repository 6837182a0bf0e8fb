// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

/// Responses of a server that is still receiving the request.
@Suite("Uploads", .timeLimit(.minutes(1))) struct UploadTests {
  private static let headEnd = Array("\r\n\r\n".utf8)
  private static let size = 5_000_000

  /// Reads that many bytes, and passes them to the body as they come.
  private static func receive(
    _ size: Int, from reader: StreamReader, _ body: (Int, [UInt8]) async throws -> Void = { _, _ in }
  ) async throws {
    var count = 0
    while count < size {
      let piece = try await reader.read(upTo: min(65536, size - count))
      if piece.isEmpty { throw TestProgramError("the upload ended after \(count) bytes") }
      count += piece.count
      try await body(count, piece)
    }
  }

  @Test(arguments: BackendKind.all)
  func `goes on after informational responses`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Self.headEnd)
        try await writer.write("HTTP/1.1 100 Continue\r\n\r\n")
        var hints = 0
        try await Self.receive(Self.size, from: reader) { count, _ in
          if count > 1_000_000 * (hints + 1) {
            hints += 1
            try await writer.write("HTTP/1.1 \(hints == 1 ? "102 Processing" : "103 Early Hints")\r\n\r\n")
          }
        }
        try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall")
        _ = try? await reader.readToEnd()
      }
      let response = try await fetch(server.url(), method: .put, body: pattern(Self.size))
      #expect(response.status == 200)
      #expect(try await response.text() == "all")
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `is complete when an early success is reported, and the connection is kept`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let connections = Count()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        connections.next()
        while (try? await reader.readUntil(Self.headEnd)) != nil {
          try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
          try await Self.receive(Self.size, from: reader)
        }
      }
      let client = HTTPClient()
      for _ in 0..<2 {
        // The server understands the second request only if all of the first one arrived.
        let response = try await client.request(.post, server.url(), body: pattern(Self.size))
        #expect(response.status == 200)
        #expect(try await response.text() == "ok")
      }
      #expect(connections.current == 1)
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `and a response that streams meanwhile both arrive whole`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Self.headEnd)
        try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
        try await Self.receive(Self.size, from: reader) { _, piece in try await writer.write(piece) }
        _ = try? await reader.readToEnd()
      }
      let body = pattern(Self.size)
      let response = try await fetch(server.url(), method: .put, body: body)
      let echoed = try await response.bytes()
      let same = echoed == body
      #expect(same)
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `that is refused brings the refusal, however the server ends the connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Self.headEnd)
        try await writer.write(
          "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much")
        try await writer.close()
      }
      for count in 0..<20 {
        // Both sizes: one body leaves with the head, the other doesn't.
        let body = pattern(count % 2 == 0 ? Self.size : 10_000)
        let response = try await fetch(server.url(), method: .post, body: body)
        #expect(response.status == 413)
        #expect(try await response.text() == "too much")
      }
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `ends with a refusal that keeps the connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let received = Count()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Self.headEnd)
        try await writer.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
        while let piece = try? await reader.read(upTo: 1_000_000), !piece.isEmpty {
          for _ in 0..<piece.count / 1000 { received.next() }
        }
      }
      let client = HTTPClient()
      for _ in 0..<2 {
        let response = try await client.request(.post, server.url(), body: pattern(50_000_000))
        #expect(response.status == 401)
        #expect(try await response.text() == "no")
      }
      server.close()
      try await server.waitClosed()
      #expect(received.current < 90_000)
    }
  }

  @Test(arguments: BackendKind.all)
  func `that breaks is a failure, in spite of an early success that promised to go on`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      EventLoop.current.setExceptionHandler { _, _ in }
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Self.headEnd)
        try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        try await Self.receive(1_000_000, from: reader)
        writer.abort()
      }
      let error = try await #require(throws: HTTPError.self) {
        try await fetch(server.url(), method: .put, body: pattern(50_000_000)).bytes()
      }
      guard case .connectionLost = error.kind else { throw error }
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `that a server has heard enough of is a success, if it said that it closes`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Self.headEnd)
        try await writer.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        try await Self.receive(1_000_000, from: reader)
        try await writer.close()
      }
      let response = try await fetch(server.url(), method: .put, body: pattern(50_000_000))
      #expect(response.status == 200)
      #expect(try await response.text() == "ok")
      server.close()
    }
  }

  @Test(.virtualTime) func `may be slow, as long as bytes move`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      _ = try await reader.readUntil(Self.headEnd)
      try await Self.receive(1_000_000, from: reader) { _, piece in try await sleep(.milliseconds(piece.count / 2)) }
      try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let start = EventLoop.current.time
    let response = try await fetch(
      server.url(), method: .put, body: pattern(1_000_000), timeouts: HTTPTimeouts(idle: .seconds(200), total: nil))
    #expect(try await response.text() == "ok")
    #expect(start.duration(to: EventLoop.current.time) > .seconds(400))
    server.close()
  }

  @Test(.virtualTime) func `that nobody reads ends in a time-out that says so`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      _ = try await reader.readUntil(Self.headEnd)
      try await writer.write("HTTP/1.1 100 Continue\r\n\r\n")
      try await sleep(.seconds(1000))
    }
    let error = try await #require(throws: HTTPError.self) {
      try await fetch(server.url(), method: .put, body: pattern(Self.size))
    }
    #expect("\(error)" == "put \(server.url()): timed out after 60 s while sending the request")
    server.close()
    server.abortClients()
  }
}
