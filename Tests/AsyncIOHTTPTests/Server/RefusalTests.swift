// SPDX-License-Identifier: Apache-2.0
// What a strict server refuses: RFC 9110, RFC 9112, and the shapes of request smuggling (RFC 9112 section 11.2).

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Refusals of the server", .timeLimit(.minutes(1))) struct ServerRefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: String
    let status: String
    var testDescription: String { name }
  }

  /// Each is a first request that must be refused, with a second behind it that must not be answered.
  static let cases: [Case] = [
    Case(name: "no Host (9112 3.2)", bytes: "GET / HTTP/1.1\r\n\r\n", status: "400"),
    Case(name: "two Hosts (9112 3.2)", bytes: "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", status: "400"),
    Case(name: "a Host with a path", bytes: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", status: "400"),
    Case(name: "a Host with a user", bytes: "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", status: "400"),
    Case(name: "a Host with a list", bytes: "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", status: "400"),
    Case(
      name: "a malformed Host beside an absolute target", bytes: "GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n",
      status: "400"),
    Case(name: "a fold (9112 5.2)", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", status: "400"),
    Case(name: "a blank before the first field (9112 2.2)", bytes: "GET / HTTP/1.1\r\n Host: a\r\n\r\n", status: "400"),
    Case(name: "a blank before the colon (9112 5.1)", bytes: "GET / HTTP/1.1\r\nHost : a\r\n\r\n", status: "400"),
    Case(name: "a field without a name", bytes: "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", status: "400"),
    Case(name: "a NUL in a value", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", status: "400"),
    Case(name: "a bare LF", bytes: "GET / HTTP/1.1\nHost: a\n\n", status: "400"),
    Case(name: "a bare LF in the fields", bytes: "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", status: "400"),
    Case(name: "a bare CR in a value", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n", status: "400"),
    Case(name: "two blanks in the request line", bytes: "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", status: "400"),
    Case(name: "HTTP/0.9", bytes: "GET /\r\n\r\n", status: "400"),
    Case(name: "HTTP/2.0 in a request line", bytes: "GET / HTTP/2.0\r\nHost: a\r\n\r\n", status: "505"),
    Case(name: "a version in small letters", bytes: "GET / http/1.1\r\nHost: a\r\n\r\n", status: "400"),
    Case(name: "the preface of HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: "505"),
    Case(name: "a fragment in the target", bytes: "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", status: "400"),
    Case(name: "* without OPTIONS", bytes: "GET * HTTP/1.1\r\nHost: a\r\n\r\n", status: "400"),
    Case(name: "a target of another scheme", bytes: "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", status: "400"),
    Case(name: "CONNECT without a port", bytes: "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", status: "400"),
    Case(
      name: "five empty lines before the request line", bytes: "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      status: "400"),
    Case(name: "TLS on a plain port", bytes: "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", status: "400"),
    // Framing (9112 6.1 to 6.3), where smuggling begins.
    Case(
      name: "TE and CL",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      status: "400"),
    Case(
      name: "CL and TE",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      status: "400"),
    Case(
      name: "two different CL",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello", status: "400"),
    Case(
      name: "a CL list of different lengths", bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 5\r\n\r\nhello",
      status: "400"),
    Case(
      name: "a CL with a sign", bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", status: "400"),
    Case(name: "a negative CL", bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", status: "400"),
    Case(
      name: "a hexadecimal CL", bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", status: "400"),
    Case(name: "an empty CL", bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", status: "400"),
    Case(
      name: "a CL beyond 64 bits", bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
      status: "400"),
    Case(
      name: "a blank in the name of TE",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "a TE that is not chunked", bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
      status: "400"),
    Case(
      name: "an unknown TE", bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      status: "400"),
    Case(
      name: "a TE with a vertical tab",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "gzip before chunked",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", status: "501"),
    Case(
      name: "chunked twice",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "chunked before another coding",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "TE in HTTP/1.0", bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "TRACE with a body (9110 9.3.8)", bytes: "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      status: "400"),
    Case(
      name: "an unknown expectation (9110 10.1.1)", bytes: "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n",
      status: "417"),
    Case(
      name: "100-continue beside an unknown expectation",
      bytes: "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, tea\r\n\r\n", status: "417"),
    // Limits.
    Case(
      name: "a long request line", bytes: "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n",
      status: "414"),
    Case(
      name: "a long field", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 9000))\r\n\r\n",
      status: "431"),
    Case(
      name: "many fields", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: 1\r\n", count: 200))\r\n",
      status: "431"),
    Case(
      name: "a large head",
      bytes:
        "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: \(String(repeating: "y", count: 1000))\r\n", count: 70))\r\n",
      status: "431"),
    // The handler reads the whole body.
    Case(
      name: "a chunk without a size",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "a chunk with 0x",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "a chunk with a sign",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "a chunk size beyond 64 bits",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", status: "400"),
    Case(
      name: "a chunk line that ends in LF",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "a chunk longer than its size",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", status: "400"),
    Case(
      name: "an LF in a chunk extension",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n",
      status: "400"),
    Case(
      name: "a long chunk extension",
      bytes:
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\(String(repeating: "a", count: 2000))\r\nhello\r\n0\r\n\r\n",
      status: "400"),
    Case(
      name: "a fold in the trailers",
      bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n 2\r\n\r\n", status: "400"),
  ]

  @Test(arguments: cases) func `end the connection, and what follows is not answered`(_ refused: Case) async throws {
    try await withHTTPServer(
      .virtual,
      handler: { request, response in
        _ = try await request.body.bytes()
        try await response.send("answered")
      }
    ) { server in
      let answer = try await server.answers(to: refused.bytes + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(statuses(answer) == [refused.status])
      #expect(answer.contains("Connection: close\r\n"))
      #expect(!answer.contains("answered"))
      let statistics = try await server.statistics
      #expect(statistics.refused == [Int(refused.status)!: 1])
    }
  }

  @Test(arguments: BackendKind.all) func `come whatever the pieces in which the request arrives`(
    backend: BackendKind
  ) async throws {
    try await withHTTPServer(backend, handler: { try await $1.send($0.path) }) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      for byte in "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n".utf8 {
        try await stream.write([byte])
        await EventLoop.current.yield()
      }
      let answer = String(decoding: try await stream.readToEnd(), as: UTF8.self)
      #expect(statuses(answer) == ["200", "400"])
      try await stream.close()
    }
  }

  /// What looks odd, and is allowed.
  static let accepted: [(bytes: String, path: String)] = [
    ("\r\nGET /empty-line HTTP/1.1\r\nHost: a\r\n\r\n", "/empty-line"),
    ("GET http://a:80/absolute?q HTTP/1.1\r\nHost: b\r\n\r\n", "/absolute"),
    ("GET http://a?q HTTP/1.1\r\nHost: b\r\n\r\n", "/"),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*"),
    ("GET /empty-host HTTP/1.1\r\nHost:\r\n\r\n", "/empty-host"),
    ("GET /1.0 HTTP/1.0\r\n\r\n", "/1.0"),
    ("GET /1.7 HTTP/1.7\r\nHost: a\r\n\r\n", "/1.7"),
    ("PURGE /method HTTP/1.1\r\nHost: a\r\n\r\n", "/method"),
    ("GET /same-lengths HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", "/same-lengths"),
    ("GET /te HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , Chunked\r\n\r\n0\r\n\r\n", "/te"),
    ("GET /expect HTTP/1.0\r\nExpect: tea\r\n\r\n", "/expect"),
  ]

  @Test(arguments: accepted) func `spare what is only odd`(bytes: String, path: String) async throws {
    try await withHTTPServer(.virtual, handler: { try await $1.send($0.path) }) { server in
      let answer = try await server.answers(to: bytes, endsInput: true)
      #expect(statuses(answer) == ["200"])
      #expect(answer.hasSuffix("\r\n\r\n\(path)"))
    }
  }
}
