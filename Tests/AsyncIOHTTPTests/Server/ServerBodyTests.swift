// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import HTTP1Codec
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Bodies of requests", .timeLimit(.minutes(1))) struct ServerBodyTests {
  @Test(arguments: BackendKind.all) func `arrive whole, in pieces and as text`(backend: BackendKind) async throws {
    let bytes = pattern(2_000_000)
    try await withHTTPServer(
      backend,
      handler: { request, response in
        switch request.path {
        case "/whole": #expect(try await request.body.bytes() == bytes)
        case "/pieces":
          var all: [UInt8] = []
          for try await piece in request.body { all += piece }
          #expect(all == bytes)
        default: #expect(try await request.body.text() == "text")
        }
        try await response.send(request.path)
      }
    ) { server in
      let client = HTTPClient()
      for (path, body) in [("/whole", bytes), ("/pieces", bytes), ("/text", Array("text".utf8))] {
        let text = try await client.request(.post, server.url(path), body: body).text()
        #expect(text == path)
      }
      client.closeIdleConnections()
    }
  }

  @Test(arguments: BackendKind.all) func `in chunks bring trailers`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        #expect(request.contentLength == nil)
        let text = try await request.body.text()
        try await response.send("\(text) \(request.body.trailers?["x-sum"] ?? "-")")
      }
    ) { server in
      let answer = try await server.answers(
        to:
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n",
        endsInput: true)
      #expect(answer.hasSuffix("\r\n\r\nabcde 5"))
    }
  }

  @Test(arguments: BackendKind.all)
  func `are asked for when the handler first reads`(backend: BackendKind) async throws {
    try await withHTTPServer(backend, handler: { try await $1.send(try await $0.body.text()) }) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
      let asked = try await stream.readUntil(Array("\r\n\r\n".utf8))
      #expect(String(decoding: asked, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
      try await stream.write("hello")
      _ = try await stream.readUntil(Array("\r\n\r\nhello".utf8))
      try await stream.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `that are not wanted are not asked for, and end the connection`(backend: BackendKind) async throws {
    try await withHTTPServer(backend, handler: { try await $1.send("no", status: 403) }) { server in
      let answer = try await server.answers(
        to: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
      #expect(statuses(answer) == ["403"])
      #expect(answer.contains("Connection: close\r\n"))
    }
  }

  @Test(arguments: BackendKind.all)
  func `that nobody reads are dropped if they are short`(backend: BackendKind) async throws {
    try await withHTTPServer(backend, handler: { try await $1.send($0.path) }) { server in
      let short = String(repeating: "x", count: 100_000)
      let first = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(short)"
      let answer = try await server.answers(to: first + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(statuses(answer) == ["200", "200"])
      let long = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n\(short)"
      let refusal = try await server.answers(to: long)
      #expect(statuses(refusal) == ["200"])
      #expect(refusal.contains("Connection: close\r\n"))
    }
  }

  @Test(arguments: BackendKind.all)
  func `beyond the limit are refused, whatever the head says`(backend: BackendKind) async throws {
    var limits = HTTPServerLimits()
    limits.bodySize = 10
    try await withHTTPServer(
      backend, limits: limits,
      handler: { request, response in
        if request.path == "/more" { request.allowBody(upTo: 20) }
        if request.path == "/less" { try await response.send("\(try await request.body.bytes(upTo: 3))") }
        try await response.send("\(try await request.body.bytes().count)")
      }
    ) { server in
      func expect(_ path: String, _ count: Int, chunked: Bool = false, _ status: String) async throws {
        let body = String(repeating: "x", count: count)
        let start = "POST \(path) HTTP/1.1\r\nHost: a\r\n"
        let answer = try await server.answers(
          to: chunked
            ? "\(start)Transfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
            : "\(start)Content-Length: \(count)\r\n\r\n\(body)", endsInput: true)
        #expect(statuses(answer) == [status], "\(path) \(count)")
      }
      try await expect("/", 10, "200")
      try await expect("/", 11, "413")
      try await expect("/", 11, chunked: true, "413")
      try await expect("/more", 20, "200")
      try await expect("/more", 21, chunked: true, "413")
      try await expect("/less", 4, "413")
    }
  }

  @Test(arguments: BackendKind.all) func `that end too early are refused`(backend: BackendKind) async throws {
    try await withHTTPServer(backend, handler: { try await $1.send(try await $0.body.text()) }) { server in
      let answer = try await server.answers(
        to: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhello", endsInput: true)
      #expect(statuses(answer) == ["400"])
    }
  }
}
