// SPDX-License-Identifier: Apache-2.0
// The smallest HTTP server: `hello-http [PORT]`.

import AsyncIO
import AsyncIOHTTP
import Glibc

/// Greets the name in the path.
func greet(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
  let name = request.path.dropFirst()
  try await response.send("Hello, \(name.isEmpty ? "World" : name)!\n")
}

@main
struct HelloHTTP {
  static func main() throws {
    let port = CommandLine.arguments.dropFirst().first.flatMap(UInt16.init) ?? 8080
    try EventLoop.run {
      let server = try await startHTTPServer(host: "127.0.0.1", port: port) { try await greet($0, $1) }
      print("http://127.0.0.1:\(server.port)/")
      fflush(nil)
      try await server.serveForever(drain: .seconds(10), stopsOn: [.terminate])
    }
  }
}
