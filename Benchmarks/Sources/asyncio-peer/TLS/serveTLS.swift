// SPDX-License-Identifier: Apache-2.0
// The cases to compare with `openssl s_server`: handshakes, sending many bytes, and the memory of an idle connection.

import AsyncIO
import AsyncIOTLS
import Glibc

/// Serves TLS on 127.0.0.1, and echoes the input. With port 0, it prints the port.
@MainActor func serveTLSEcho(port: UInt16, certificate: String, key: String) async throws {
  let server = try await start(port, certificate, key) { stream in
    var buffer: [UInt8] = []
    while try await stream.read(into: &buffer) > 0 { try await stream.write(buffer) }
  }
  try await server.serveForever()
}

/// Serves TLS on 127.0.0.1: answers a line with this many bytes, in writes of 64 KiB, and closes.
@MainActor func serveTLSBytes(port: UInt16, certificate: String, key: String, count: Int) async throws {
  let block = [UInt8](repeating: 0x78, count: 65_536)
  let server = try await start(port, certificate, key) { stream in
    _ = try await stream.readLine()
    var rest = count
    while rest > 0 {
      try await stream.write(rest < block.count ? block[..<rest] : block[...])
      rest -= block.count
    }
    try await stream.close()
  }
  try await server.serveForever()
}

@MainActor private func start(
  _ port: UInt16, _ certificate: String, _ key: String, _ handler: @escaping StreamHandler
) async throws -> Server {
  // s_time closes without close_notify, as s_server expects of it.
  EventLoop.current.setExceptionHandler { _, _ in }
  let tls = TLSConfiguration.server(certificateChainFile: certificate, privateKeyFile: key)
  let server = try await startServer(
    host: "127.0.0.1", port: port, tls: tls, options: ServerOptions(backlog: 1024), handler: handler)
  print(server.port)
  fflush(nil)
  return server
}
