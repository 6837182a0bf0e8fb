// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOHTTP

/// When a connection serves another request, and when it does not.
@Suite("Reuse of connections", .timeLimit(.minutes(1))) struct ReuseTests {
  /// Answers each request with the numbers of the connection and of the request on it: `2-1`. The test can use the
  /// server's side of the connections.
  private struct Counting {
    let server: Server
    let writers = Writers()

    init() async throws {
      let writers = writers
      server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        let number = writers.add(writer)
        var requests = 0
        while (try? await reader.readUntil(Array("\r\n\r\n".utf8))) != nil {
          requests += 1
          try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\(number)-\(requests)")
        }
      }
    }
  }

  /// On loopback the bytes arrive at once, and the loop has not looked; a simulated network takes time.
  private static func letArrive(on backend: BackendKind) async throws {
    if backend == .virtual { try await sleep(.milliseconds(1)) }
  }

  @Test(arguments: BackendKind.all)
  func `what a server has sent unasked is not the next response`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let counting = try await Counting()
      let url = counting.server.url()
      let client = HTTPClient()
      #expect(try await client.get(url).text() == "1-1")
      // Large enough to be sent at once: the next request follows before the loop looks at the socket.
      let unasked =
        "HTTP/1.1 408 Request Timeout\r\nContent-Length: 20000\r\n\r\n" + String(repeating: "x", count: 20_000)
      try await counting.writers.last.write(unasked)
      try await Self.letArrive(on: backend)
      #expect(try await client.get(url).text() == "2-1")
      #expect(try await client.get(url).text() == "2-2")
      counting.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a connection that the server has ended does not fail a POST`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let counting = try await Counting()
      let url = counting.server.url()
      let client = HTTPClient()
      #expect(try await client.get(url).text() == "1-1")
      try await counting.writers.last.writeEOF()
      try await Self.letArrive(on: backend)
      #expect(try await client.request(.post, url).text() == "2-1")
      #expect(try await client.request(.post, url).text() == "2-2")
      counting.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a 408 that crosses a request is about the idle time, and the request is sent again`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let ok = ScriptedServer.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      let late = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      let scripted = try await ScriptedServer(
        [.request, ok, .request, .send(late), .close], [.request, ok, .hang])
      let client = HTTPClient()
      for _ in 0..<2 { #expect(try await client.get(scripted.url()).text() == "ok") }
      #expect(scripted.connections.current == 2)
      // On a new connection it is the response.
      let fresh = try await ScriptedServer([.request, .send(late), .close])
      #expect(try await client.get(fresh.url()).status == 408)
      scripted.server.close()
      fresh.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a request that says close closes its connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let counting = try await Counting()
      let url = counting.server.url()
      let client = HTTPClient()
      #expect(try await client.get(url, fields: ["Connection": "close"]).text() == "1-1")
      #expect(try await client.get(url, fields: ["connection": "x, Close"]).text() == "2-1")
      #expect(try await client.get(url).text() == "3-1")
      #expect(try await client.get(url).text() == "3-2")
      counting.server.close()
    }
  }

  @Test(arguments: BackendKind.all, [true, false])
  func `responses whose short bodies nobody reads share a connection`(
    backend: BackendKind, isChunked: Bool
  ) async throws {
    try await withEventLoop(backend: backend) {
      let connections = Count()
      let requests = Count()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        connections.next()
        while (try? await reader.readUntil(Array("\r\n\r\n".utf8))) != nil {
          requests.next()
          let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 5"
          try await writer.write("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
          try await sleep(.milliseconds(5))
          try await writer.write(isChunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello")
        }
      }
      let client = HTTPClient()
      for _ in 0..<20 { #expect(try await client.get(server.url()).status == 200) }
      #expect(requests.current == 20)
      #expect(connections.current <= 2)
      server.close()
    }
  }

  @Test(.virtualTime)
  func `a body that nobody reads and that does not come closes its connection in a while`() async throws {
    let scripted = try await ScriptedServer([
      .request, .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .hang,
    ])
    let start = EventLoop.current.time
    #expect(try await fetch(scripted.url()).status == 200)
    // The client does not wait long for it.
    #expect(try await fetch(scripted.url()).status == 200)
    #expect(start.duration(to: EventLoop.current.time) < .milliseconds(100))
    #expect(scripted.connections.current == 2)
    scripted.server.close()
    try await scripted.server.waitClosed()
    #expect(start.duration(to: EventLoop.current.time) < .seconds(1))
  }

  @Test(arguments: BackendKind.all)
  func `a chunked body that nobody reads is not received for ever`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      EventLoop.current.setExceptionHandler { _, _ in }
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Array("\r\n\r\n".utf8))
        try await writer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n"
        while (try? await writer.write(chunk)) != nil {}
      }
      #expect(try await fetch(server.url()).status == 200)
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a body in many small pieces lets others run`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { _ in
        ServedResponse(200, .chunks((0..<5000).map { _ in [1] }))
      }
      let response = try await fetch(server.url())
      let body = response.body
      let others = Count()
      let other = Task { while !Task.isCancelled { others.next(); try? await sleep(.zero) } }
      var mostInARow = 0
      var inARow = 0
      var seen = 0
      for try await _ in body {
        if others.current != seen { inARow = 0 }
        seen = others.current
        inARow += 1
        mostInARow = max(mostInARow, inARow)
      }
      other.cancel()
      await other.value
      #expect(mostInARow <= 65)
      server.close()
    }
  }
}

/// The server's sides of connections, in the order of their arrival.
private final class Writers: Sendable {
  private let all = Mutex<[StreamWriter]>([])
  func add(_ writer: StreamWriter) -> Int {
    all.withLock {
      $0.append(writer)
      return $0.count
    }
  }
  var last: StreamWriter { all.withLock { $0[$0.count - 1] } }
}
