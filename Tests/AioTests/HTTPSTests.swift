// SPDX-License-Identifier: Apache-2.0
// `aio fetch` of https pages from other implementations' servers.

import Foundation
import TestSupport
import Testing

@Suite("aio fetch https", .timeLimit(.minutes(1))) struct HTTPSTests {
  /// Python's http.server with TLS on a port that the system chooses.
  private static func withPython(
    certificate: String, serving folder: URL, _ body: (String) async throws -> Void
  ) async throws {
    let script = """
      import functools, http.server, ssl, sys
      handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
      handler.log_message = lambda *arguments: None
      class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request, address): pass
      server = Server(("127.0.0.1", 0), handler)
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(sys.argv[2], sys.argv[3])
      server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
      sys.stdout.write(f"{server.server_address[1]}\\n")
      sys.stdout.flush()
      server.serve_forever()
      """
    let certificates = TestCertificates.shared
    let arguments = [
      "-c", script, folder.path, certificates.path("\(certificate).pem"), certificates.path("\(certificate).key"),
    ]
    let process = try TestProgram("python3", arguments, errors: .discarded)
    defer { process.stop() }
    let port = try #require(Int(await process.line()))
    try await body("https://127.0.0.1:\(port)")
  }

  @Test func `gets a page from a server whose root is in SSL_CERT_FILE, and from no other`() async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try String(repeating: "a line of the page\n", count: 5000).write(
      to: folder.appendingPathComponent("page"), atomically: true, encoding: .utf8)
    let pages = folder.appendingPathComponent("pages")
    try await Self.withPython(certificate: "server", serving: folder) { site in
      let trusting = ["SSL_CERT_FILE": TestCertificates.shared.path("root.pem")]
      let got = try await Aio.run("fetch", "-o", pages.path, "\(site)/page", environment: trusting)
      #expect(got.status == 0, "\(got.errors)")
      let stored = try FileManager.default.contentsOfDirectory(atPath: pages.path)
      let file = try #require(stored.first)
      let content = try String(contentsOf: pages.appendingPathComponent(file), encoding: .utf8)
      #expect(content == String(repeating: "a line of the page\n", count: 5000))

      let refused = try await Aio.run(
        "fetch", "\(site)/page", environment: ["SSL_CERT_FILE": TestCertificates.shared.path("other-root.pem")])
      #expect(
        refused.errors == "aio: get \(site)/page: TLS handshake with 127.0.0.1: certificate has an unknown issuer "
          + "(CN=intermediate, issuer CN=Test Root)\n")
      #expect(refused.status == 1)
    }
    try await Self.withPython(certificate: "expired", serving: folder) { site in
      let refused = try await Aio.run(
        "fetch", "\(site)/page", environment: ["SSL_CERT_FILE": TestCertificates.shared.path("root.pem")])
      #expect(
        refused.errors == "aio: get \(site)/page: TLS handshake with 127.0.0.1: certificate has expired "
          + "(CN=expired, notAfter 2021-01-01 00:00:00 UTC)\n")
    }
  }
}
