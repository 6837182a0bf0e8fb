// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import HTTP1Codec
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Answers of the server", .timeLimit(.minutes(1))) struct ServerAnswerTests {
  @Test(arguments: BackendKind.all)
  func `with a known body are one head and the body`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        switch request.path {
        case "/text": try await response.send("text")
        case "/bytes": try await response.send([0x61, 0x62], status: 201, contentType: "x/y", fields: ["x-a": "1"])
        case "/empty": try await response.send(status: 200)
        case "/none": try await response.send(status: 204)
        case "/same": try await response.send("not sent", status: 304, fields: ["etag": "\"1\""])
        default: try await response.send("json", contentType: "application/json")
        }
      }
    ) { server in
      let paths = ["/text", "/bytes", "/empty", "/none", "/same", "/json"]
      let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
      let answer = try await server.answers(to: requests, endsInput: true)
      #expect(
        answer
          == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\ntext"
          + "HTTP/1.1 201 Created\r\nContent-Type: x/y\r\nx-a: 1\r\nContent-Length: 2\r\n\r\nab"
          + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + "HTTP/1.1 204 No Content\r\n\r\n"
          + "HTTP/1.1 304 Not Modified\r\nContent-Type: text/plain; charset=utf-8\r\netag: \"1\"\r\nContent-Length: 8\r\n\r\n"
          + "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\njson")
    }
  }

  @Test(arguments: BackendKind.all)
  func `to HEAD have the same head and nothing else`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        if request.path == "/stream" {
          try await response.stream { body in
            Issue.record("the body of HEAD is not wanted")
            try await body.write("x")
          }
        } else {
          try await response.send(String(repeating: "x", count: request.path == "/large" ? 100_000 : 3))
        }
      }
    ) { server in
      let requests = ["/small", "/large", "/stream"].map { "HEAD \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
      let type = "Content-Type: text/plain; charset=utf-8\r\n"
      let answer = try await server.answers(to: requests, endsInput: true)
      #expect(
        answer
          == "HTTP/1.1 200 OK\r\n\(type)Content-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\n\(type)Content-Length: 100000\r\n\r\n"
          + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    }
  }

  @Test(arguments: BackendKind.all)
  func `in pieces go in chunks, with trailers`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        try await response.stream(contentType: "text/plain") { body in
          try await body.write("one")
          try await body.write("")
          try await body.write(Array("two".utf8))
          try await body.end(trailers: ["x-count": "2"])
        }
      }
    ) { server in
      let answer = try await server.answers(to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(
        answer == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3\r\none\r\n3\r\ntwo\r\n0\r\nx-count: 2\r\n\r\n")
    }
  }

  @Test(arguments: BackendKind.all)
  func `in pieces end with the connection for HTTP 1.0`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        try await response.stream { body in
          try await body.write("one")
          try await body.write("two")
        }
      }
    ) { server in
      let answer = try await server.answers(to: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(answer == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo")
    }
  }

  @Test(arguments: BackendKind.all)
  func `keep the connection of an HTTP 1.0 client that asks for it`(backend: BackendKind) async throws {
    try await withHTTPServer(backend, handler: { try await $1.send([0x61]) }) { server in
      let request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
      let answer = try await server.answers(to: request + "GET / HTTP/1.0\r\n\r\n")
      #expect(
        answer == "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na"
          + "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na")
    }
  }

  @Test(arguments: BackendKind.all)
  func `can be large, whole and in pieces of a known length`(backend: BackendKind) async throws {
    let bytes = pattern(3_000_000)
    try await withHTTPServer(
      backend,
      handler: { request, response in
        if request.path == "/whole" { return try await response.send(bytes) }
        try await response.stream(contentLength: bytes.count) { body in
          for start in stride(from: 0, to: bytes.count, by: 70_000) {
            try await body.write(Array(bytes[start..<min(start + 70_000, bytes.count)]))
          }
        }
      }
    ) { server in
      let client = HTTPClient()
      for path in ["/whole", "/pieces"] {
        let response = try await client.get(server.url(path))
        #expect(response.contentLength == bytes.count)
        #expect(try await response.bytes() == bytes)
      }
      client.closeIdleConnections()
    }
  }

  @Test(arguments: BackendKind.all)
  func `of pipelined requests come in order, and none waits for a handler behind it`(
    backend: BackendKind
  ) async throws {
    let mayGoOn = Event()
    try await withHTTPServer(
      backend,
      handler: { request, response in
        if request.path == "/3" { try await mayGoOn.wait() }
        try await response.send(request.path)
      }
    ) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write((1...5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
      _ = try await stream.readUntil(Array("\r\n\r\n/1".utf8))
      _ = try await stream.readUntil(Array("\r\n\r\n/2".utf8))
      mayGoOn.set()
      for number in 3...5 { _ = try await stream.readUntil(Array("\r\n\r\n/\(number)".utf8)) }
      try await stream.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `may be preceded by early hints, which HTTP 1.0 does not get`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        try await response.sendInformational(103, fields: ["link": "</a.css>"])
        try await response.send(status: 204)
      }
    ) { server in
      let new = try await server.answers(to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(new == "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
      #expect(statuses(try await server.answers(to: "GET / HTTP/1.0\r\n\r\n")) == ["204"])
    }
  }

  @Test(.virtualTime) func `can't be made to say more than they are meant to`() async throws {
    try await withHTTPServer(
      .virtual,
      handler: { request, response in
        #expect(throws: HTTP1Error.self) { try response.setField("x", "1\r\nSet-Cookie: a=b") }
        #expect(throws: HTTP1Error.self) { try response.setField("x y", "1") }
        await #expect(throws: HTTP1Error.self) { try await response.send("x", contentType: "a\r\nb: c") }
        await #expect(throws: HTTP1Error.self) { try await response.send("x", fields: ["content-length": "5"]) }
        await #expect(throws: HTTP1Error.self) {
          try await response.send("x", fields: ["transfer-encoding": "chunked"])
        }
        await #expect(throws: HTTP1Error.self) { try await response.send("x", status: 42) }
        try response.setField("x-extra", "1")
        try await response.send("fine")
      }
    ) { server in
      let answer = try await server.answers(to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(
        answer
          == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nx-extra: 1\r\nContent-Length: 4\r\n\r\nfine"
      )
    }
  }

  @Test(.virtualTime) func `have a date that follows the clock`() async throws {
    try await withHTTPServer(.virtual, handler: { try await $1.send("x") }) { server in
      let client = HTTPClient()
      let first = try await client.get(server.url()).fields["date"]
      try await sleep(.seconds(3))
      let second = try await client.get(server.url()).fields["date"]
      #expect(first?.hasSuffix(" GMT") == true && first?.utf8.count == 29)
      #expect(first != second)
      client.closeIdleConnections()
    }
  }
}
