// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("A TLS server that shuts down", .timeLimit(.minutes(1))) struct TLSShutdownTests {
  @Test(arguments: BackendKind.all)
  func `ends connections between two requests at once`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        for try await line in stream.lines { try await stream.write("<\(line)>\n") }
      }
      let stream = try await connect(server.port)
      try await stream.write("hello\n")
      #expect(try await stream.readLine() == "<hello>")
      let shutdown = Task { await server.shutdown(drain: .seconds(20)) }
      let end = try await withTimeout(.seconds(10)) { try await stream.readLine() }
      #expect(end == nil)
      try await stream.close()
      let summary = await shutdown.value
      #expect(summary.drained == 1 && summary.aborted == 0)
    }
  }
}
