// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("The end of an HTTP server", .timeLimit(.minutes(1))) struct ServerDrainTests {
  @Test(arguments: BackendKind.all)
  func `closes idle connections at once, and answers what has come`(backend: BackendKind) async throws {
    let hasBegun = Event()
    let mayGoOn = Event()
    try await withEventLoop(backend: backend) {
      let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { request, response in
        if request.path == "/slow" {
          hasBegun.set()
          try await mayGoOn.wait()
        }
        try await response.send(request.path)
      }
      let idle = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await idle.write("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
      _ = try await idle.readUntil(Array("\r\n\r\n/idle".utf8))
      let busy = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await busy.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
      try await hasBegun.wait()
      let summary = createTask { await server.shutdown(drain: .seconds(10)) }
      #expect(try await idle.readToEnd().isEmpty)
      try await idle.close()
      mayGoOn.set()
      let answer = String(decoding: try await busy.readToEnd(), as: UTF8.self)
      try await busy.close()
      #expect(statuses(answer) == ["200", "200"])
      #expect(withoutDates(answer).hasSuffix("Connection: close\r\nContent-Length: 5\r\n\r\n/next"))
      #expect(try await summary.value.aborted == 0)
    }
  }

  @Test(arguments: BackendKind.all)
  func `lets a body that is being sent arrive`(backend: BackendKind) async throws {
    let hasBegun = Event()
    try await withEventLoop(backend: backend) {
      let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { request, response in
        hasBegun.set()
        try await response.send(try await request.body.text())
      }
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
      _ = try await stream.readUntil(Array("100 Continue\r\n\r\n".utf8))
      try await hasBegun.wait()
      let summary = createTask { await server.shutdown(drain: .seconds(10)) }
      try await sleep(.milliseconds(50))
      try await stream.write("hello")
      let answer = String(decoding: try await stream.readToEnd(), as: UTF8.self)
      try await stream.close()
      #expect(statuses(answer) == ["200"] && answer.hasSuffix("hello"))
      #expect(try await summary.value.aborted == 0)
    }
  }

  @Test(.virtualTime) func `cancels what is left after its time`() async throws {
    let events = Texts()
    let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { request, response in
      do { try await sleep(.seconds(1000)) } catch {
        events.append("\(type(of: error))")
        throw error
      }
    }
    let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    try await stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try await sleep(.seconds(1))
    let start = EventLoop.current.time
    let summary = await server.shutdown(drain: .seconds(7))
    #expect(summary.aborted == 1)
    #expect(.seconds(7)...(.seconds(8)) ~= start.duration(to: EventLoop.current.time))
    #expect(events.all == ["CancellationError"])
    stream.abort()
  }
}
