// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("What proxies and clients say of themselves", .timeLimit(.minutes(1))) struct ServerPeerFieldTests {
  static let forwarded: [(fields: String, client: String, scheme: String)] = [
    ("X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\n", "192.0.2.9", "https"),
    ("X-Forwarded-For: 6.6.6.6, 192.0.2.9, 10.1.2.3\r\n", "192.0.2.9", "http"),
    ("X-Forwarded-For: nonsense, 10.1.2.3\r\n", "10.1.2.3", "http"),
    ("X-Forwarded-For: 2001:db8::9\r\nX-Forwarded-Proto: gopher\r\n", "2001:db8::9", "http"),
    ("Forwarded: for=\"[2001:db8::9]:4711\";proto=https, for=10.1.2.3\r\n", "2001:db8::9", "https"),
    ("Forwarded: for=6.6.6.6, for=192.0.2.9;proto=http\r\nX-Forwarded-For: 7.7.7.7\r\n", "192.0.2.9", "http"),
    ("Forwarded: for=\"_hidden\"\r\n", "127.0.0.1", "http"),
  ]

  @Test(arguments: forwarded)
  func `counts if the peer is trusted`(fields: String, client: String, scheme: String) async throws {
    for trusts in [true, false] {
      var options = HTTPServerOptions()
      if trusts { options.trustedPeers = ["127.0.0.0/8", "10.0.0.0/8"] }
      try await withHTTPServer(
        .virtual, options: options, handler: { try await $1.send("\($0.clientHost ?? "-") \($0.scheme)") }
      ) { server in
        let answer = try await server.answers(to: "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", endsInput: true)
        #expect(answer.hasSuffix("\r\n\r\n" + (trusts ? "\(client) \(scheme)" : "127.0.0.1 http")))
      }
    }
  }

  @Test func `names networks`() {
    let peers: TrustedPeers = ["10.0.0.0/9", "192.0.2.1", "2001:db8::/33"]
    for inside in ["10.127.255.255", "192.0.2.1", "2001:db8:7fff::1", "::ffff:10.0.0.1"] {
      #expect(peers.contains(SocketAddress(inside, port: 1)!))
    }
    for outside in ["10.128.0.0", "192.0.2.2", "2001:db8:8000::1", "::1"] {
      #expect(!peers.contains(SocketAddress(outside, port: 1)!))
    }
    #expect(!peers.contains(nil))
    var more = TrustedPeers()
    for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "a/8", "10.0.0.0/8/8"] {
      let isOne = more.insert(text)
      #expect(!isOne)
    }
  }

  @Test(arguments: [
    ("PROXY TCP4 192.0.2.9 198.51.100.1 5000 443\r\n", "192.0.2.9"),
    ("PROXY TCP6 2001:db8::9 2001:db8::1 5000 443\r\n", "2001:db8::9"),
    ("PROXY UNKNOWN\r\n", "127.0.0.1"),
    (
      "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{0c}\u{01}\u{02}\u{03}\u{04}\u{05}\u{06}\u{07}\u{08}\0\u{50}\0\u{51}",
      "1.2.3.4"
    ),
    ("\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0", "127.0.0.1"),
  ]) func `comes in a header of the PROXY protocol`(header: String, client: String) async throws {
    var options = HTTPServerOptions()
    options.trustedPeers = ["127.0.0.1"]
    options.expectsProxyProtocol = true
    try await withHTTPServer(.virtual, options: options, handler: { try await $1.send($0.clientHost ?? "-") }) {
      server in
      let answer = try await server.answers(to: header + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(answer.hasSuffix("\r\n\r\n\(client)"))
    }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PROXY TCP4 192.0.2.9\r\n", "PROXY TCP4 2001:db8::9 ::1 1 2\r\n",
    "PROXY TCP4 192.0.2.9 192.0.2.1 1 99999\r\n", "PROXY \(String(repeating: "x", count: 200))",
    "\r\n\r\n\0\r\nQUIX\n\u{20}\0\0\0",
  ]) func `is refused if the header is not one`(header: String) async throws {
    var options = HTTPServerOptions()
    options.trustedPeers = ["127.0.0.1"]
    options.expectsProxyProtocol = true
    try await withHTTPServer(.virtual, options: options, handler: { try await $1.send("no") }) { server in
      await #expect(throws: (any Error).self) {
        let answer = try await server.answers(to: header + "\r\n")
        if answer.isEmpty { throw CancellationError() }
      }
    }
  }

  @Test(.virtualTime) func `becomes a line in the access log`() async throws {
    let lines = Texts()
    var options = HTTPServerOptions()
    options.trustedPeers = ["127.0.0.1"]
    options.accessLog = { record in
      lines.append("\(record.request?.id ?? "-") \(record.description.split(separator: " ", maxSplits: 1)[1])")
    }
    try await withHTTPServer(
      .virtual, options: options,
      handler: { request, response in
        try await sleep(.milliseconds(1500))
        try await response.send("hello", status: 203)
      }
    ) { server in
      _ = try await server.answers(
        to: "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Request-ID: 17\r\n\r\nGET / HTTP/1.1\r\n\r\n", endsInput: true)
    }
    #expect(
      lines.all == [
        "17 \"GET /a?b HTTP/1.1\" 203 5 1.500000",
        "- \"-\" 400 0 0.000000 (HTTP request: request has no Host field)",
      ])
  }

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more", true),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
    ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
    ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
    ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false), ("", false),
  ]) func `places it in a trace`(text: String, isValid: Bool) {
    #expect((TraceParent(text) != nil) == isValid)
  }
}
