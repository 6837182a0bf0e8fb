// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

/// Echoes every byte, from a callback.
private final class Echo: StreamProtocol {
  private var transport: Transport?

  func connectionMade(_ transport: Transport) { self.transport = transport }
  func dataReceived(_ data: Span<UInt8>) { transport?.write(data) }
}

@MainActor func serveProtocolEcho(port: UInt16) async throws {
  let server = try await EventLoop.current.createServer(
    host: "127.0.0.1", port: port, options: ServerOptions(backlog: 4096)
  ) { Echo() }
  print(server.port)
  fflush(nil)
  try await server.serveForever()
}
