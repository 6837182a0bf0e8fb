// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("HTTPClient", .timeLimit(.minutes(1))) struct ClientTests {
  @Test(arguments: BackendKind.all)
  func `sends the method, target, fields and body, and reads them back`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        let agent = request.fields["user-agent"] ?? "none"
        let text = "\(request.method) \(request.target) \(request.fields["x-a"] ?? "") \(agent) \(request.body.count)"
        return ServedResponse(201, fields: ["x-b": "two"], text: text)
      }
      let response = try await HTTPClient().request(
        .post, server.url("/p?q=1"), fields: ["x-a": "one", "user-agent": "me"], body: pattern(100))
      #expect(response.status == 201)
      #expect(response.reason == "Created")
      #expect(response.fields["X-B"] == "two")
      #expect(try await response.text() == "POST /p?q=1 one me 100")
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a large body arrives whole, both ways`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { ServedResponse(200, .bytes($0.body)) }
      let body = pattern(3_000_000)
      let response = try await fetch(server.url(), method: .put, body: body)
      #expect(response.contentLength == body.count)
      #expect(try await response.bytes() == body)
      server.close()
    }
  }

  @Test(arguments: BackendKind.all, [0, 1, 1000, 300_000])
  func `chunked and close-delimited bodies arrive whole`(backend: BackendKind, size: Int) async throws {
    try await withEventLoop(backend: backend) {
      let body = pattern(size)
      let server = try await startSmallHTTPServer { request in
        if request.target == "/close" { return ServedResponse(200, .untilClose(body)) }
        let pieces = stride(from: 0, to: size, by: 777).map { Array(body[$0..<min($0 + 777, size)]) }
        return ServedResponse(200, .chunks(pieces))
      }
      let client = HTTPClient()
      for path in ["/chunked", "/close", "/chunked"] {
        #expect(try await client.get(server.url(path)).bytes() == body)
      }
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `HEAD, 204 and 304 have no body and keep the connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        var response = ServedResponse(Int(request.target.dropFirst()) ?? 200, text: "")
        if request.method == .head { response = ServedResponse(200, text: "hello") }
        response.fields = ["x-number": "\(request.number)"]
        return response
      }
      let client = HTTPClient()
      let head = try await client.request(.head, server.url("/200"))
      #expect(head.contentLength == nil && head.fields["content-length"] == "5")
      #expect(try await head.bytes() == [])
      for (status, number) in [(204, "2"), (304, "3"), (200, "4")] {
        let response = try await client.get(server.url("/\(status)"))
        #expect(response.status == status)
        #expect(response.fields["x-number"] == number)
        #expect(try await response.bytes() == [])
      }
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `informational responses are passed over`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([
        .request, .send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), .hang,
      ])
      let response = try await fetch(scripted.url())
      #expect(response.status == 200)
      #expect(try await response.text() == "ok")
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `the pieces of a body come as they are pulled, and the server waits meanwhile`(backend: BackendKind) async throws
  {
    try await withEventLoop(backend: backend) {
      let sent = Count()
      let piece = pattern(50_000)
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Array("\r\n\r\n".utf8))
        try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n")
        for _ in 0..<400 {
          try await writer.write(piece)
          sent.next()
        }
      }
      let response = try await fetch(server.url())
      var received = 0
      var matches = true
      for try await bytes in response.body {
        if received == 0 {
          // When the server has made no progress for some turns of the loop, everything that can move has moved.
          var before = -1
          while before != sent.current {
            before = sent.current
            for _ in 0..<200 { try await sleep(.zero) }
          }
          #expect(sent.current < 350)
        }
        var offset = 0
        while offset < bytes.count {
          let start = (received + offset) % piece.count
          let count = min(bytes.count - offset, piece.count - start)
          if bytes[offset..<offset + count] != piece[start..<start + count] { matches = false }
          offset += count
        }
        received += bytes.count
      }
      #expect(matches)
      #expect(received == 20_000_000)
      server.close()
    }
  }

  @Test func `a client used from outside of its loop hops there and back`() async throws {
    let client = HTTPClient()
    try await withEventLoop(backend: .epoll) {
      let server = try await startSmallHTTPServer { ServedResponse(200, text: "here \($0.number)") }
      #expect(try await client.get(server.url()).text() == "here 1")
      let url = server.url()
      let other = try await withEventLoop(backend: .epoll) { try await client.get(url).text() }
      #expect(other == "here 2")
      server.close()
    }
    // Its loop has ended, so the client moves to another.
    try await withEventLoop(backend: .epoll) {
      let server = try await startSmallHTTPServer { ServedResponse(200, text: "there \($0.number)") }
      #expect(try await client.get(server.url()).text() == "there 1")
      server.close()
    }
  }
}
