// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec

/// Valid messages of every framing: the starting points of the split and mutation tests.
enum Corpus {
  static let requests: [String] = [
    "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "\r\n\r\nGET /a?b=c HTTP/1.1\r\nHost: h:80\r\nAccept: */*\r\nUser-Agent: \ttest 1.0 \r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\nContent-Length: 3\r\n\r\nabc"
      + "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "PUT /c HTTP/1.1\r\nHost: [::1]:8080\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n",
    "PUT /t HTTP/1.1\r\nhost: h\r\ntransfer-encoding: Chunked\r\ntrailer: sum\r\n\r\n"
      + "3 ; q=\"a\\\";b\" ;z\r\nabc\r\n00\r\n"
      + "Sum: 1\r\nX:\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
    "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
    "GET http://example.org/x HTTP/1.1\r\nHost: example.org\r\nProxy-Connection: keep-alive\r\n\r\n",
    "GET /old HTTP/1.0\r\n\r\nHEAD /old HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    "PURGE /x|y HTTP/1.7\r\nHost: h\r\nX-Latin: caf\u{E9}\r\nConnection: a, b , close\r\n\r\n",
  ]

  struct Responses: Sendable {
    let methods: [HTTPMethod]
    let text: String
  }

  static let responses: [Responses] = [
    Responses(methods: [], text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    Responses(
      methods: [],
      text: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"
        + "HTTP/1.1 404 Not Found\r\ncontent-length:2\r\n\r\nno"),
    Responses(
      methods: [.post],
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "4\r\nwiki\r\n1F;n=v\r\n0123456789012345678901234567890\r\n"
        + "0\r\n\r\nHTTP/1.1 204 No Content\r\nX: y\r\n\r\n"),
    Responses(
      methods: [],
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding:chunked\r\n\r\n"
        + "1\r\na\r\n0;last\r\nSum: 9\r\nA: b\r\n\r\n"),
    Responses(methods: [], text: "HTTP/1.1 200 OK\r\nServer: old\r\n\r\nuntil the very end\r\n\r\n"),
    Responses(
      methods: [],
      text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx"
        + "HTTP/1.0 200 OK\r\n\r\nbody"),
    Responses(
      methods: [.head, .get],
      text: "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
        + "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nz"),
    Responses(
      methods: [],
      text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    Responses(
      methods: [],
      text: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u{1}\u{2}raw"),
    Responses(methods: [.connect], text: "HTTP/1.1 200 Connected\r\nContent-Length: 3\r\n\r\nopaque bytes\r\n"),
    Responses(
      methods: [],
      text: "HTTP/1.1 200 fine \u{E9}\r\nX-Folded: one\r\n two\r\n\t three \r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        + "Content-Length: 1\r\n\r\n!"),
    Responses(methods: [.connect], text: "HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\n\r\n"),
  ]
}
