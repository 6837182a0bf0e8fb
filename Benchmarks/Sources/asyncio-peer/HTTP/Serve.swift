// SPDX-License-Identifier: Apache-2.0
// The smallest HTTP server, to compare with other servers' smallest.

import AsyncIO
import AsyncIOHTTP
import Glibc

/// Serves HTTP on 127.0.0.1, and answers each request with a short text. With port 0, it prints the port.
@MainActor func serveHello(port: UInt16) async throws {
  var limits = HTTPServerLimits()
  limits.requestsPerConnection = nil
  let server = try await startHTTPServer(host: "127.0.0.1", port: port, limits: limits) { request, response in
    try await response.send("Hello, World!")
  }
  if port == 0 {
    print(server.port)
    fflush(nil)
  }
  try await server.serveForever()
}
