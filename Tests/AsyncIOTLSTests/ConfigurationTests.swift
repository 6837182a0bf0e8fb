// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("A TLS configuration") struct ConfigurationTests {
  private func failure(_ change: (inout TLSConfiguration) -> Void) throws -> String {
    let configuration = TLSConfiguration.showing("server", clients: .optional).with(change)
    return "\(try #require(throws: TLSError.self) { try configuration.load() })"
  }

  @Test func `says in one line what is wrong with which file`() throws {
    let certificates = TestCertificates.shared
    let server = certificates.path("server.pem")
    #expect(
      try failure { $0.certificateChain = .file("/nonexistent/a.pem") }
        == "TLS configuration: certificate chain /nonexistent/a.pem: no such file or directory (ENOENT)")
    #expect(
      try failure { $0.privateKey = .file(certificates.folder) }
        == "TLS configuration: private key \(certificates.folder): is a directory (EISDIR)")
    #expect(
      try failure { $0.certificateChain = .text("") }
        == "TLS configuration: certificate chain (PEM text): there is no certificate in it")
    #expect(
      try failure { $0.privateKey = .text(certificates.text("root.pem")) }
        == "TLS configuration: private key (PEM text): there is no private key in it")
    let damaged = certificates.text("server.pem").replacingOccurrences(of: "MII", with: "M!I")
    #expect(
      try failure { $0.certificateChain = .text(damaged) }
        == "TLS configuration: certificate chain (PEM text): a certificate in it is damaged")
    #expect(
      try failure { $0.privateKey = .file(certificates.path("client.key")) }
        == "TLS configuration: private key \(certificates.path("client.key")): "
        + "is not the key to certificate chain \(server)")
    #expect(
      try failure { $0.roots = [.pem(.text("nothing"))] }
        == "TLS configuration: roots (PEM text): there is no certificate in it")
    #expect(
      try failure { $0.revocationLists = [.text(certificates.text("root.pem"))] }
        == "TLS configuration: revocation list (PEM text): there is no revocation list in it")
    #expect(
      try failure {
        $0.maximumVersion = .tls12; $0.minimumVersion = .tls13
      }
        == "TLS configuration: minimumVersion is above maximumVersion")
    #expect(
      try failure { $0.applicationProtocols = [""] }
        == "TLS configuration: applicationProtocols: \"\" is not 1 to 255 bytes long")
    #expect(
      try failure { $0.certificateChain = nil } == "TLS configuration: a private key without a certificate")
  }

  @Test func `doesn't ask at the terminal for the password of a key`() throws {
    let key = """
      -----BEGIN EC PRIVATE KEY-----
      Proc-Type: 4,ENCRYPTED
      DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF

      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
      -----END EC PRIVATE KEY-----

      """
    #expect(
      try failure { $0.privateKey = .text(key) }
        == "TLS configuration: private key (PEM text): the private key is encrypted")
  }

  @Test func `is loaded once for all copies, and again when a setting changes`() throws {
    let first = TLSConfiguration.trusting()
    var second = first
    #expect(try first.context() === second.context())
    second.shutdownTimeLimit = .seconds(1)
    second.minimumVersion = .tls12
    #expect(try first.context() === second.context())
    second.minimumVersion = .tls13
    #expect(try first.context() !== second.context())
    #expect(try TLSConfiguration.client().context() === TLSConfiguration.client().context())
  }

  @Test func `takes certificates and keys as text, and both from one file`() throws {
    let certificates = TestCertificates.shared
    let both = certificates.text("server.pem") + certificates.text("server.key")
    let pair = try Pair(
      .trusting().with { $0.roots = [.pem(.text(certificates.text("root.pem")))] },
      .showing("server").with {
        $0.certificateChain = .text(both)
        $0.privateKey = nil
      })
    #expect(try pair.handshake().client == nil)
    #expect(pair.client.session.phase == .open)
  }

  @Test func `trusts whom it names, root or not, and nobody else`() throws {
    #expect(try Pair(.trusting("intermediate.ca.pem"), .showing("server")).handshake().client == nil)
    #expect(try Pair(.trusting("server.leaf.pem"), .showing("server")).handshake().client == nil)
    #expect(try Pair(.trusting("self.pem"), .showing("self")).handshake().client == nil)
    let stranger = try Pair(.trusting("self.pem"), .showing("server")).handshake()
    #expect(stranger.clientError?.kind == .certificateIssuerUnknown)
    let nobody = TLSConfiguration.trusting().with { $0.roots = [] }
    #expect(try Pair(nobody, .showing("server")).handshake().clientError?.kind == .certificateIssuerUnknown)
    let system = TLSConfiguration.trusting().with { $0.roots = [.system] }
    #expect(try Pair(system, .showing("server")).handshake().clientError?.kind == .certificateIssuerUnknown)
    let both = TLSConfiguration.trusting().with { $0.roots.append(.system) }
    #expect(try Pair(both, .showing("server")).handshake().client == nil)
  }

  @Test func `of a server without a certificate finds no cipher`() throws {
    let server = TLSConfiguration.showing("server").with {
      $0.certificateChain = nil
      $0.privateKey = nil
    }
    let outcome = try Pair(.trusting(), server).handshake()
    #expect(outcome.serverError?.kind == .noSharedCipher)
    #expect(outcome.clientError?.kind == .alert(.handshakeFailure))
  }

  @Test func `has a name for each alert`() {
    #expect("\(TLSAlert.unknownCA) \(TLSAlert(code: 99))" == "unknown_ca alert 99")
  }
}
