// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

/// Sends back every byte as it comes.
@MainActor func serveEcho(port: UInt16) async throws {
  let server = try await startServer(host: "127.0.0.1", port: port, backlog: 4096) { reader, writer in
    var buffer: [UInt8] = []
    while try await reader.read(into: &buffer, upTo: 256 * 1024) > 0 { try await writer.write(buffer) }
  }
  print(server.port)
  fflush(nil)
  try await server.serveForever()
}
