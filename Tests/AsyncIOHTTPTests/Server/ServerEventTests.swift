// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Event streams", .timeLimit(.minutes(1))) struct ServerEventTests {
  @Test(arguments: [
    (ServerSentEvent("a"), "data: a\n\n"),
    (ServerSentEvent(""), "data: \n\n"),
    (ServerSentEvent("a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
    (
      ServerSentEvent("a", event: "e", id: "1", retry: .milliseconds(1500)), "event: e\nid: 1\nretry: 1500\ndata: a\n\n"
    ),
    (ServerSentEvent("a", event: "e\ndata: b", id: "1\r\nid: 2"), "event: e\nid: 1\ndata: a\n\n"),
    (ServerSentEvent("a", id: "1\0"), "data: a\n\n"),
    (ServerSentEvent("a", id: ""), "id: \ndata: a\n\n"),
  ])
  func `are written so that no text can begin another field`(event: ServerSentEvent, text: String) {
    #expect(String(decoding: event.bytes, as: UTF8.self) == text)
  }

  @Test(arguments: BackendKind.all)
  func `bring events at once, and know where a client was`(backend: BackendKind) async throws {
    let mayGoOn = Event()
    try await withHTTPServer(
      backend,
      handler: { request, response in
        try await response.events { events in
          try await events.send("after \(request.lastEventID ?? "-")", id: "8")
          try await mayGoOn.wait()
          try await events.comment("a\nb")
        }
      }
    ) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 7\r\n\r\n")
      let start = String(decoding: try await stream.readUntil(Array("\n\n\r\n".utf8)), as: UTF8.self)
      #expect(start.contains("Content-Type: text/event-stream\r\n") && start.contains("cache-control: no-cache\r\n"))
      #expect(start.hasSuffix("id: 8\ndata: after 7\n\n\r\n"))
      mayGoOn.set()
      let rest = String(decoding: try await stream.readUntil(Array("0\r\n\r\n".utf8)), as: UTF8.self)
      #expect(rest.contains(": a\n: b\n\n"))
      try await stream.close()
    }
  }

  @Test(.virtualTime) func `say something now and then`() async throws {
    try await withHTTPServer(
      .virtual,
      handler: { _, response in
        try await response.events(keepAlive: .seconds(10)) { events in
          try await events.send("a")
          try await sleep(.seconds(35))
          try await events.send("b")
        }
      }
    ) { server in
      let answer = try await server.answers(to: "GET / HTTP/1.0\r\n\r\n")
      #expect(answer.hasSuffix("\r\n\r\ndata: a\n\n:\n\n:\n\n:\n\ndata: b\n\n"))
    }
  }

  @Test(.virtualTime) func `that fail at once leave the next response as it is`() async throws {
    struct Failure: Error {}
    try await withHTTPServer(
      .virtual,
      handler: { request, response in
        EventLoop.current.setExceptionHandler { _, _ in }
        if request.path == "/events" { return try await response.events { _ in throw Failure() } }
        try await response.stream { body in
          try await body.write("a")
          try await sleep(.seconds(100))
          try await body.write("b")
        }
      }
    ) { server in
      let answer = try await server.answers(
        to: "GET /events HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(statuses(answer) == ["500", "200"])
      #expect(answer.hasSuffix("\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"))
    }
  }

  @Test(arguments: BackendKind.all)
  func `end with the server, properly, and their code is cancelled`(backend: BackendKind) async throws {
    let ends = Texts()
    try await withEventLoop(backend: backend) {
      let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { _, response in
        try await response.events { events in
          try await events.send("a")
          do { try await sleep(.seconds(1000)) } catch {
            ends.append(currentCancelReason.map { "\($0)" } ?? "-")
            throw error
          }
        }
        ends.append("the handler goes on")
      }
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      _ = try await stream.readUntil(Array("data: a\n\n\r\n".utf8))
      let summary = await server.shutdown(drain: .seconds(10))
      #expect(summary.aborted == 0)
      #expect(String(decoding: try await stream.readToEnd(), as: UTF8.self) == "0\r\n\r\n")
      try await stream.close()
      #expect(ends.all.count == 2 && ends.all[0].contains("the server shuts down"))
    }
  }

  @Test(arguments: BackendKind.all) func `end with their reader`(backend: BackendKind) async throws {
    let ended = Event()
    try await withHTTPServer(
      backend,
      handler: { _, response in
        try await response.events { events in
          try await events.send("a")
          try await sleep(.seconds(1000))
        }
        ended.set()
      }
    ) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      _ = try await stream.readUntil(Array("data: a\n\n\r\n".utf8))
      try await stream.close()
      try await ended.wait()
    }
  }
}
