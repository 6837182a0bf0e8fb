// SPDX-License-Identifier: Apache-2.0
// Every fault of the peer is refused by name, on both sides.

import Foundation
import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("A TLS handshake is refused") struct RefusalTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let certificate: String
    let description: String
    let alert: TLSAlert
    let isExpected: @Sendable (TLSError.Kind) -> Bool
    var testDescription: String { certificate }
  }

  static let servers: [Case] = [
    Case(
      certificate: "expired",
      description: "TLS handshake with localhost: certificate has expired "
        + "(CN=expired, notAfter 2021-01-01 00:00:00 UTC)",
      alert: .certificateExpired
    ) { $0 == .certificateExpired },
    Case(
      certificate: "early",
      description: "TLS handshake with localhost: certificate is not valid yet "
        + "(CN=early, notBefore 2039-01-01 00:00:00 UTC)",
      alert: .badCertificate
    ) { $0 == .certificateNotYetValid },
    Case(
      certificate: "other",
      description: "TLS handshake with localhost: certificate is for other.test, 192.0.2.1 (CN=other)",
      alert: .badCertificate
    ) { $0 == .certificateForAnotherName(names: ["other.test", "192.0.2.1"]) },
    Case(
      certificate: "self", description: "TLS handshake with localhost: certificate is self-signed (CN=self)",
      alert: .unknownCA
    ) { $0 == .certificateSelfSigned },
    Case(
      certificate: "unknown",
      description: "TLS handshake with localhost: certificate has an unknown issuer (CN=unknown, issuer CN=Other Root)",
      alert: .unknownCA
    ) { $0 == .certificateIssuerUnknown },
    Case(
      certificate: "client",
      description: "TLS handshake with localhost: certificate is for another purpose (CN=client)",
      alert: .unsupportedCertificate
    ) { $0 == .certificateForAnotherPurpose },
  ]

  @Test(arguments: servers)
  func `by a client for the server's certificate`(refused: Case) throws {
    let outcome = try Pair(.trusting(), .showing(refused.certificate)).handshake()
    let error = try #require(outcome.clientError)
    #expect(refused.isExpected(error.kind))
    #expect("\(error)" == refused.description)
    #expect(error.certificate?.subject == "CN=\(refused.certificate)")
    #expect(outcome.serverError?.kind == .alert(refused.alert))
    #expect(outcome.serverError?.certificate == nil)
  }

  /// OpenSSL's queue has other errors before the one about the verification.
  static let invalid: [(certificate: String, subject: String, reason: String)] = [
    ("damaged", "CN=server", "certificate signature failure"),
    ("above-damaged", "CN=intermediate", "certificate signature failure"),
    ("below-leaf", "CN=server", "invalid CA certificate"),
    ("critical", "CN=critical", "unhandled critical extension"),
    ("outside", "CN=outside", "permitted subtree violation"),
  ]

  @Test(arguments: invalid)
  func `for a certificate that is wrong in another way, in OpenSSL's words`(
    certificate: String, subject: String, reason: String
  ) throws {
    let error = try #require(try Pair(.trusting(), .showing(certificate)).handshake().clientError)
    #expect(error.kind == .certificateInvalid(reason))
    #expect("\(error)" == "TLS handshake with localhost: certificate is invalid: \(reason) (\(subject))")
    #expect(error.certificate?.subject == subject)
    #expect(try Pair(.trusting().with { $0.verification = .none }, .showing(certificate)).handshake().client == nil)
  }

  @Test func `for a client's certificate with a wrong signature, and by a list with one`() throws {
    let server = TLSConfiguration.showing("server", clients: .required)
    let outcome = try Pair(.trusting(showing: "damaged-client"), server).handshake()
    #expect(outcome.serverError?.kind == .certificateInvalid("certificate signature failure"))
    #expect(outcome.clientError?.kind == .alert(.decryptError))
    // A list's signature is at its end, as a certificate's is.
    let certificates = TestCertificates.shared
    let lists = try ["root.crl", "intermediate.crl"].map { name in
      let lines = certificates.text(name).split(separator: "\n")
      var list = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
      if name == "intermediate.crl" { list[list.count - 1] ^= 1 }
      return "\(lines[0])\n\(list.base64EncodedString(options: .lineLength64Characters))\n\(lines.last!)\n"
    }
    let client = TLSConfiguration.trusting().with { $0.revocationLists = lists.map { .text($0) } }
    #expect(try Pair(client, .showing("server")).handshake().clientError?.kind == .revocationUnknown)
  }

  @Test(arguments: servers)
  func `not if nothing is verified`(refused: Case) throws {
    let pair = try Pair(.trusting().with { $0.verification = .none }, .showing(refused.certificate))
    let outcome = try pair.handshake()
    #expect(outcome.client == nil && outcome.server == nil)
    #expect(pair.client.session.information?.peerCertificate?.subject == "CN=\(refused.certificate)")
  }

  @Test func `for a certificate that was revoked`() throws {
    let lists = TLSConfiguration.PEM.file(TestCertificates.shared.path("revoked.crl"))
    let client = TLSConfiguration.trusting().with { $0.revocationLists = [lists] }
    let refused = try #require(try Pair(client, .showing("revoked")).handshake().clientError)
    #expect(refused.kind == .certificateRevoked)
    #expect("\(refused)".hasPrefix("TLS handshake with localhost: certificate was revoked (CN=revoked, serial number "))
    #expect(try Pair(client, .showing("server")).handshake().client == nil)
    #expect(try Pair(.trusting(), .showing("revoked")).handshake().client == nil)
    // The whole chain is looked up: a list of the leaf's issuer alone isn't enough.
    let few = TLSConfiguration.PEM.text(TestCertificates.shared.text("intermediate.crl"))
    let unknown = try Pair(client.with { $0.revocationLists = [few] }, .showing("server")).handshake()
    #expect(unknown.clientError?.kind == .revocationUnknown)

    let server = TLSConfiguration.showing("server", clients: .required).with { $0.revocationLists = [lists] }
    #expect(try Pair(.trusting(showing: "revoked"), server).handshake().serverError?.kind == .certificateRevoked)
    #expect(try Pair(.trusting(showing: "client"), server).handshake().server == nil)
  }

  @Test func `for another name, but not for one that the certificate has`() throws {
    let context = (TLSConfiguration.trusting(), TLSConfiguration.showing("server"))
    for host in ["localhost", "LOCALHOST", "localhost.", "example.test", "a.wild.test", "127.0.0.1", "::1", "[::1]"] {
      #expect(try Pair(context.0, context.1, host: host).handshake().client == nil, "\(host)")
    }
    for host in ["localhost.test", "wild.test", "a.b.wild.test", "127.0.0.2", "::2", "server", "xlocalhost"] {
      let error = try #require(try Pair(context.0, context.1, host: host).handshake().clientError, "\(host)")
      guard case .certificateForAnotherName(let names) = error.kind else {
        Issue.record("\(host): \(error)")
        continue
      }
      #expect(names.contains("*.wild.test"))
    }
    let nameBlind = context.0.with { $0.verification = .withoutName }
    #expect(try Pair(nameBlind, context.1, host: "x.test").handshake().client == nil)
    // The subject's common name no longer counts as a host name.
    let nameless = try Pair(context.0, .showing("nameless.test"), host: "nameless.test").handshake()
    #expect(
      nameless.clientError.map { "\($0)" }
        == "TLS handshake with nameless.test: certificate is for no name (CN=nameless.test)")
  }

  @Test func `for what is a pattern, or no name at all, before anything is sent`() throws {
    let label = String(repeating: "a", count: 63)
    let none = [
      "", ".", "..", "[]", "a\0b", ".example.test", ".test", "*.wild.test", "*", "example..test", "localhost..",
      "[localhost]", "[127.0.0.1]", "example.test:443", "user@example.test", "a b", "a/b", "exämple.test", "a%b.test",
      label + "a.test", [label, label, label, label].joined(separator: "."),
    ]
    for verification in [TLSConfiguration.Verification.full, .withoutName, .none] {
      let client = TLSConfiguration.trusting().with { $0.verification = verification }
      for host in none {
        let error = #expect(throws: TLSError.self, "\(host)") { try End(client, host: host) }
        #expect(error?.kind == .invalidConfiguration("\"\(host)\" is not the name of a host"))
      }
    }
    let client = TLSConfiguration.trusting()
    for host in ["_a.test", "xn--exmple-cua.test", "1.test", "a-.test", label + ".test", "fe80::1%eth0", "[fe80::1%1]"]
    {
      #expect(throws: Never.self, "\(host)") { try End(client, host: host) }
    }
    // An address is verified without its zone.
    #expect(try Pair(client, .showing("server"), host: "::1%lo").handshake().client == nil)
  }

  // MARK: - Clients' certificates

  @Test func `by a server for the client's certificate`() throws {
    func error(_ name: String?, _ clients: TLSConfiguration.ClientCertificates) throws -> Pair.Outcome {
      try Pair(.trusting(showing: name), .showing("server", clients: clients)).handshake()
    }
    for policy in [TLSConfiguration.ClientCertificates.optional, .required] {
      #expect(try error("client", policy).server == nil)
      #expect(try error("expired", policy).serverError?.kind == .certificateExpired)
      #expect(try error("early", policy).serverError?.kind == .certificateNotYetValid)
      #expect(try error("self", policy).serverError?.kind == .certificateSelfSigned)
      #expect(try error("unknown", policy).serverError?.kind == .certificateIssuerUnknown)
      let wrong = try error("server", policy)
      #expect(wrong.serverError?.kind == .certificateForAnotherPurpose)
      #expect("\(wrong.serverError!)" == "TLS handshake with a client: certificate is for another purpose (CN=server)")
      #expect(wrong.clientError?.kind == .alert(.unsupportedCertificate))
    }
    #expect(try error(nil, .optional).server == nil)
    #expect(try error(nil, .notRequested).server == nil)
    #expect(try error("expired", .notRequested).server == nil)
    let missing = try error(nil, .required)
    #expect(missing.serverError?.kind == .certificateMissing)
    #expect(missing.clientError?.kind == .alert(.certificateRequired))
    #expect("\(missing.clientError!)" == "TLS receive from localhost: peer sent the alert certificate_required")
  }

  @Test func `not for a good client, which the server then knows`() throws {
    let (client, server) = (
      TLSConfiguration.trusting(showing: "client"), TLSConfiguration.showing("server", clients: .required)
    )
    for isResumed in [false, true] {
      let pair = try Pair(client, server)
      try pair.handshake()
      let information = try #require(pair.server.session.information)
      #expect(information.peerCertificate?.subject == "CN=client")
      #expect(information.isResumed == isResumed)
    }
  }

  // MARK: - The protocol

  @Test func `if no version suits both`() throws {
    let old = TLSConfiguration.trusting().with { $0.maximumVersion = .tls12 }
    let new = TLSConfiguration.showing("server").with { $0.minimumVersion = .tls13 }
    let outcome = try Pair(old, new).handshake()
    #expect(outcome.serverError?.kind == .noSharedVersion)
    #expect(outcome.clientError?.kind == .noSharedVersion)
    #expect("\(outcome.clientError!)" == "TLS handshake with localhost: no shared protocol version")
  }

  @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\u{16}x", "{}"])
  func `if the peer speaks something else`(text: String) throws {
    for end in [try End(.trusting(), host: "localhost"), try End(.showing("server"))] {
      try end.session.start(end.sink)
      let error = #expect(throws: TLSError.self) {
        for byte in text.utf8 { try end.receive([byte]) }
        try end.session.receivedEnd()
      }
      #expect(error?.kind == .notTLS)
    }
  }

  // MARK: - Garbage

  @Test func `for any garbage, and never crashes`() throws {
    var numbers = SplitMix64(seed: 42)
    let (client, server) = (TLSConfiguration.trusting(), TLSConfiguration.showing("server"))
    for _ in 0..<500 {
      for end in [try End(client, host: "localhost"), try End(server)] {
        try end.session.start(end.sink)
        var bytes = (0..<Int.random(in: 1...600, using: &numbers)).map { _ in UInt8.random(in: 0...255, using: &numbers)
        }
        // Half of them look like records at first.
        if Bool.random(using: &numbers) {
          bytes = [UInt8.random(in: 20...23, using: &numbers), 3, UInt8.random(in: 0...4, using: &numbers), 0] + bytes
        }
        #expect(throws: TLSError.self) {
          try end.receive(bytes)
          try end.session.receivedEnd()
        }
        #expect(end.sink.plaintext.isEmpty)
      }
    }
  }

  @Test func `if a byte was changed on its way`() throws {
    var numbers = SplitMix64(seed: 7)
    let (client, server) = (TLSConfiguration.trusting(), TLSConfiguration.showing("server"))
    for _ in 0..<400 {
      let pair = try Pair(client, server)
      try pair.start()
      let (place, toServer) = (Int.random(in: 0..<1400, using: &numbers), Bool.random(using: &numbers))
      let flip = UInt8.random(in: 1...255, using: &numbers)
      var (seen, changed) = (0, false)
      var outcome = pair.run { bytes, direction in
        guard direction == toServer else { return [bytes[...]] }
        defer { seen += bytes.count }
        guard place >= seen, place < seen + bytes.count else { return [bytes[...]] }
        changed = true
        var damaged = bytes
        damaged[place - seen] ^= flip
        return [damaged[...]]
      }
      // A session that waits for the rest of a longer record now sees the end.
      if outcome.client == nil { do { try pair.client.session.receivedEnd() } catch { outcome.client = error } }
      if outcome.server == nil { do { try pair.server.session.receivedEnd() } catch { outcome.server = error } }
      if changed {
        #expect(outcome.client is TLSError && outcome.server is TLSError)
        #expect(pair.client.sink.plaintext.isEmpty && pair.server.sink.plaintext.isEmpty)
      }
    }
  }

  @Test func `as broken if a record was changed`() throws {
    for place in stride(from: 0, to: 30, by: 1) {
      let pair = try Pair()
      try pair.handshake()
      try pair.client.write("hello world")
      var bytes = pair.client.sink.take()
      bytes[place] ^= 0x40
      let error = #expect(throws: TLSError.self) {
        try pair.server.receive(bytes)
        try pair.server.session.receivedEnd()
      }
      #expect(error?.operation == .receive)
      #expect(pair.server.sink.plaintext.isEmpty)
    }
  }
}
