// SPDX-License-Identifier: Apache-2.0
// Our server with other implementations' clients.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Other clients", .timeLimit(.minutes(1))) struct OtherClientsTests {
  /// Starts a server that answers with the path and some bytes, and runs a program against it.
  private static func output(
    of arguments: @escaping @Sendable (UInt16) -> [String], backend: BackendKind
  ) async throws -> String {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        ServedResponse(200, .bytes(Array("page \(request.target) ".utf8) + [UInt8](repeating: 0x78, count: 5000)))
      }
      let words = arguments(server.port)
      let output = try await TestProgram.run(words[0], Array(words.dropFirst()), errors: .discarded).output
      server.close()
      server.abortClients()
      try await server.waitClosed()
      return output
    }
  }

  @Test(arguments: BackendKind.real)
  func `curl gets pages over one connection`(backend: BackendKind) async throws {
    let output = try await Self.output(
      of: { port in
        let site = "http://127.0.0.1:\(port)"
        return ["curl", "-sS", "-w", " [%{http_code} %{num_connects}]\n", "\(site)/a?b=c", "\(site)/d"]
      }, backend: backend)
    let body = String(repeating: "x", count: 5000)
    #expect(output == "page /a?b=c \(body) [200 1]\npage /d \(body) [200 0]\n")
  }

  @Test(arguments: BackendKind.real)
  func `wrk gets an answer to each of its requests`(backend: BackendKind) async throws {
    let output = try await Self.output(
      of: { ["wrk", "-t1", "-c32", "-d1s", "http://127.0.0.1:\($0)/"] }, backend: backend)
    #expect(!output.contains("Socket errors"))
    #expect(!output.contains("Non-2xx"))
    let requests = output.split(separator: "\n").first { $0.contains("requests in") }
    let count = requests.flatMap { Int($0.split(separator: " ")[0]) }
    // More than one on each connection; a sanitizer on a busy machine needs ten milliseconds for each.
    #expect((count ?? 0) > 32, "\(output)")
  }
}
