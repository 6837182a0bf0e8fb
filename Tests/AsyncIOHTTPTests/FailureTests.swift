// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Failures of requests", .timeLimit(.minutes(1))) struct FailureTests {
  private static let short = HTTPTimeouts(connect: .seconds(10), idle: .milliseconds(50), total: .seconds(10))

  /// The error of a request that fails before or while its body is read.
  private func failure(
    _ url: String, timeouts: HTTPTimeouts = HTTPTimeouts(), upTo limit: Int = 1_000_000
  ) async throws
    -> HTTPError
  {
    try await #require(throws: HTTPError.self) { try await fetch(url, timeouts: timeouts).bytes(upTo: limit) }
  }

  @Test(arguments: BackendKind.all)
  func `a refused connection is named`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { _ in ServedResponse() }
      let url = server.url()
      server.close()
      try await server.waitClosed()
      let error = try await failure(url)
      #expect(
        "\(error)"
          == "get \(url): connect 127.0.0.1:\(server.port): connection refused (ECONNREFUSED)")
    }
  }

  @Test func `a URL that can't be requested is named`() async throws {
    #expect("\(try await failure("nonsense"))" == "nonsense: there is no scheme such as https://")
    #expect("\(try await failure("http://a b/"))" == "http://a b/: space or control character")
    #expect("\(try await failure("http://a/\n"))" == "http://a/\\n: space or control character")
    #expect("\(try await failure("ws://example.org/"))" == "get ws://example.org/: a ws URL can't be requested")
  }

  @Test(
    arguments: BackendKind.all,
    [
      "", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
    ])
  func `responses that end too early are unexpected ends`(backend: BackendKind, response: String) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([.request, .send(response), .close])
      let error = try await failure(scripted.url())
      guard case .unexpectedEnd = error.kind else { throw error }
      #expect("\(error)".hasPrefix("get \(scripted.url()): HTTP response: connection ended"))
      scripted.server.close()
    }
  }

  @Test(
    arguments: BackendKind.all,
    [
      "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/2.0 200 OK\r\n\r\n",
    ])
  func `garbage is a malformed response`(backend: BackendKind, response: String) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([.request, .send(response), .hang])
      let error = try await failure(scripted.url())
      guard case .malformedResponse = error.kind else { throw error }
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `an http request to a port for https is told so`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      // The alert with which OpenSSL and others answer.
      let scripted = try await ScriptedServer([.request, .send("\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{46}"), .close])
      let error = try await failure(scripted.url())
      #expect("\(error)" == "get \(scripted.url()): the server answered in TLS: the URL must begin with https")
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.real)
  func `a reset connection is lost`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([.request, .reset])
      let error = try await failure(scripted.url())
      guard case .connectionLost(let cause as SystemError) = error.kind else { throw error }
      #expect(cause.code == .connectionReset)
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a server that hangs ends in a time-out that says where`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let silent = try await ScriptedServer([.hang])
      let head = try await failure(silent.url(), timeouts: Self.short)
      #expect("\(head)" == "get \(silent.url()): timed out after 50 ms while waiting for the response")
      let halting = try await ScriptedServer([
        .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .hang,
      ])
      // Long enough for the head to arrive on a busy machine.
      let body = try await failure(halting.url(), timeouts: HTTPTimeouts(idle: .seconds(1)))
      #expect("\(body)" == "get \(halting.url()): timed out after 1 s while receiving the body")
      silent.server.close()
      halting.server.close()
    }
  }

  @Test(.virtualTime) func `the whole request has a limit, however the bytes trickle`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      _ = try await reader.readUntil(Array("\r\n\r\n".utf8))
      try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
      while true {
        try await sleep(.seconds(1))
        try await writer.write("x")
      }
    }
    let start = EventLoop.current.time
    let error = try await failure(
      server.url(), timeouts: HTTPTimeouts(connect: .seconds(3), idle: .seconds(5), total: .seconds(30)))
    #expect("\(error)" == "get \(server.url()): timed out after 30 s while receiving the body")
    #expect(start.duration(to: EventLoop.current.time) == .seconds(30))
    server.close()
  }

  @Test(arguments: BackendKind.all)
  func `waiting in line for a connection counts into the whole`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let silent = try await ScriptedServer([.hang])
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let client = HTTPClient(configuration)
      let url = silent.url()
      let first = Task { try await client.get(url) }
      while silent.connections.current == 0 { try await sleep(.milliseconds(1)) }
      let error = try await #require(throws: HTTPError.self) {
        try await client.get(url, timeouts: HTTPTimeouts(total: .milliseconds(50)))
      }
      #expect("\(error)" == "get \(url): timed out after 50 ms while waiting for a free connection")
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      silent.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a body beyond the caller's limit is refused`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        request.target == "/chunked"
          ? ServedResponse(200, .chunks([pattern(600), pattern(600)])) : ServedResponse(200, .bytes(pattern(1001)))
      }
      for path in ["/chunked", "/counted"] {
        let error = try await failure(server.url(path), upTo: 1000)
        #expect("\(error)" == "get \(server.url(path)): the body is larger than 1000 bytes")
      }
      #expect(try await fetch(server.url()).bytes(upTo: 1001).count == 1001)
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `an error of a body repeats itself, after what came before it`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([
        .request, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nzz\r\n"), .hang,
      ])
      let response = try await fetch(scripted.url())
      var iterator = response.body.makeAsyncIterator()
      #expect(try await iterator.next() == Array("12345".utf8))
      for _ in 0..<2 {
        await #expect(throws: HTTPError.self) { _ = try await iterator.next() }
      }
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `cancellation in the middle of a body loses nothing; dropping the response then closes the connection`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([
        .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .hang,
      ])
      do {
        let response = try await fetch(scripted.url())
        let task = Task {
          var pieces: [[UInt8]] = []
          do {
            for try await piece in response.body { pieces.append(piece) }
          } catch is CancellationError {
            return (pieces, true)
          }
          return (pieces, false)
        }
        try await sleep(.milliseconds(5))
        task.cancel()
        let (pieces, wasCancelled) = try await task.value
        #expect(wasCancelled)
        #expect(pieces == [Array("12345".utf8)])
      }
      scripted.server.close()
      // The server's connection ends only after the client has closed its side.
      try await scripted.server.waitClosed()
    }
  }
}
