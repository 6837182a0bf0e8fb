// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTLS
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("https", .timeLimit(.minutes(1))) struct HTTPSTests {
  private static func server(_ name: String = "server", protocols: [String] = []) -> TLSConfiguration {
    let certificates = TestCertificates.shared
    var tls = TLSConfiguration.server(
      certificateChainFile: certificates.path("\(name).pem"), privateKeyFile: certificates.path("\(name).key"))
    tls.applicationProtocols = protocols
    return tls
  }

  private static func client() -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [.pem(.file(TestCertificates.shared.path("root.pem")))]
    return HTTPClient(configuration)
  }

  @Test(arguments: BackendKind.all)
  func `gets pages over kept connections`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer(tls: Self.server(protocols: ["http/1.1"])) { request in
        ServedResponse(200, text: "\(request.target) \(request.number) " + String(repeating: "x", count: 100_000))
      }
      let client = Self.client()
      for number in 1...3 {
        let text = try await client.get("https://127.0.0.1:\(server.port)/page").text()
        #expect(text == "/page \(number) " + String(repeating: "x", count: 100_000))
      }
      client.closeIdleConnections()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.all)
  func `sends large bodies`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer(tls: Self.server()) { ServedResponse(200, .bytes($0.body)) }
      let body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
      let url = try HTTPURL("https://127.0.0.1:\(server.port)/")
      let echoed = try await Self.client().request(.post, url, body: body).bytes()
      let same = echoed == body
      #expect(same)
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `and http are two origins, and one redirects to the other`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let secure = try await startSmallHTTPServer(tls: Self.server()) { _ in ServedResponse(200, text: "secret") }
      let target = "https://127.0.0.1:\(secure.port)/"
      let plain = try await startSmallHTTPServer { _ in ServedResponse(301, fields: ["location": target]) }
      #expect(try await Self.client().get("http://127.0.0.1:\(plain.port)/").text() == "secret")
      // Plain text to a TLS port is refused, not sent on.
      EventLoop.current.setExceptionHandler { _, _ in }
      let wrong = await #expect(throws: HTTPError.self) {
        try await Self.client().get("http://127.0.0.1:\(secure.port)/")
      }
      guard case .unexpectedEnd = wrong?.kind else {
        Issue.record("\(String(describing: wrong))")
        return
      }
      plain.close()
      secure.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `is not left for http by a redirect, unless that is set`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let plain = try await startSmallHTTPServer { _ in ServedResponse(200, text: "readable by all") }
      let target = plain.url("/x")
      let secure = try await startSmallHTTPServer(tls: Self.server()) { _ in
        ServedResponse(302, fields: ["location": target])
      }
      let url = "https://127.0.0.1:\(secure.port)/"
      let error = try await #require(throws: HTTPError.self) { try await Self.client().get(url) }
      #expect("\(error)" == "get \(url): refused a redirect to \(target): from https to http")
      var configuration = Self.client().configuration
      configuration.redirects.leadsFromHTTPSToHTTP = true
      #expect(try await HTTPClient(configuration).get(url).text() == "readable by all")
      plain.close()
      secure.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `says that the server wants a certificate, whatever is being sent`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      EventLoop.current.setExceptionHandler { _, _ in }
      var tls = Self.server()
      tls.clientCertificates = .required
      tls.roots = [.pem(.file(TestCertificates.shared.path("root.pem")))]
      let server = try await startSmallHTTPServer(tls: tls) { _ in ServedResponse(200) }
      for size in [0, 10_000, 5_000_000] {
        let url = try HTTPURL("https://127.0.0.1:\(server.port)/")
        let error = try await #require(throws: HTTPError.self) {
          try await Self.client().request(.post, url, body: pattern(size))
        }
        guard case .connectionLost(let cause as TLSError) = error.kind else { throw error }
        #expect(cause.kind == .alert(.certificateRequired))
      }
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `refuses a certificate in one line`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      EventLoop.current.setExceptionHandler { _, _ in }
      for (name, reason) in [
        ("expired", "certificate has expired (CN=expired, notAfter 2021-01-01 00:00:00 UTC)"),
        ("other", "certificate is for other.test, 192.0.2.1 (CN=other)"),
        ("self", "certificate is self-signed (CN=self)"),
        ("unknown", "certificate has an unknown issuer (CN=unknown, issuer CN=Other Root)"),
      ] {
        let server = try await startSmallHTTPServer(tls: Self.server(name)) { _ in ServedResponse(200) }
        let url = "https://127.0.0.1:\(server.port)/"
        let error = await #expect(throws: HTTPError.self) { try await Self.client().get(url) }
        #expect(error.map { "\($0)" } == "get \(url): TLS handshake with 127.0.0.1: \(reason)")
        guard case .connectionFailed(let cause as TLSError) = error?.kind else { throw error! }
        #expect(cause.certificate?.subject == "CN=\(name)")
        server.close()
      }
      let plain = try await startSmallHTTPServer { _ in ServedResponse(200) }
      let url = "https://127.0.0.1:\(plain.port)/"
      let error = await #expect(throws: HTTPError.self) { try await Self.client().get(url) }
      #expect(error.map { "\($0)" } == "get \(url): TLS handshake with 127.0.0.1: peer does not speak TLS")
      plain.close()
    }
  }

  @Test(.virtualTime) func `has a time limit for the handshake: the one to connect`() async throws {
    let mute = try await startServer(host: "127.0.0.1", port: 0) { stream in _ = try? await stream.readToEnd() }
    let start = EventLoop.current.time
    let url = "https://127.0.0.1:\(mute.port)/"
    let error = await #expect(throws: HTTPError.self) { try await Self.client().get(url) }
    #expect(error.map { "\($0)" } == "get \(url): timed out after 10 s while connecting")
    #expect(start.duration(to: EventLoop.current.time) < .seconds(11))
    mute.close()
  }

  @Test(arguments: BackendKind.all)
  func `doesn't take a body without an end for complete if close_notify is missing`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      EventLoop.current.setExceptionHandler { _, _ in }
      for isProper in [true, false] {
        let server = try await startServer(host: "127.0.0.1", port: 0, tls: Self.server()) { stream in
          _ = try await stream.readUntil(Array("\r\n\r\n".utf8))
          try await stream.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall there is")
          try await stream.close()
        }
        // Cuts off the last record, the close_notify: an alert's record of TLS 1.3 has 24 bytes.
        let relay = try await startServer(host: "127.0.0.1", port: 0) { near in
          let far = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
          let up = Task {
            while case let bytes = try await near.read(upTo: 4096), !bytes.isEmpty { try await far.write(bytes) }
          }
          var kept: [UInt8] = []
          while case let bytes = try await far.read(upTo: 4096), !bytes.isEmpty {
            kept += bytes
            // Everything but the last record, which is kept back.
            let end = Self.endOfRecords(kept, but: 24)
            if end > 0 { try await near.write(kept[..<end]) }
            kept.removeFirst(end)
            if kept.count == 24 { break }
          }
          if isProper { try await near.write(kept) }
          try await near.close()
          far.abort()
          _ = await up.result
        }
        let response = try await Self.client().get("https://127.0.0.1:\(relay.port)/")
        if isProper {
          #expect(try await response.text() == "all there is")
        } else {
          let error = await #expect(throws: HTTPError.self) { try await response.text() }
          guard case .connectionLost(let cause as TLSError) = error?.kind else { throw error! }
          #expect(cause.kind == .truncated)
        }
        server.close()
        relay.close()
      }
    }
  }

  /// The end of the last whole record, not counting a final one of that size.
  private static func endOfRecords(_ bytes: [UInt8], but size: Int) -> Int {
    var end = 0
    while end + 5 <= bytes.count {
      let next = end + 5 + Int(bytes[end + 3]) << 8 + Int(bytes[end + 4])
      if next > bytes.count || (bytes[end] == 23 && next - end == size) { break }
      end = next
    }
    return end
  }
}
