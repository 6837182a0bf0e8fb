// SPDX-License-Identifier: Apache-2.0
// echo.py, line by line.

import AsyncIO
import Glibc

@MainActor func handleEcho(_ reader: StreamReader, _ writer: StreamWriter) async throws {
  let peer = writer.peerAddress?.host ?? "somebody"
  say("\(peer) has come")
  while let line = try await reader.readLine(strippingNewline: false) {
    try await writer.write(line)
  }
  say("\(peer) has gone")
  try await writer.close()
}

@main struct Echo {
  static func main() {
    let port = CommandLine.arguments.count > 1 ? UInt16(CommandLine.arguments[1])! : 8888
    EventLoop.runMain {
      let server = try await startServer(host: "127.0.0.1", port: port, handler: handleEcho)
      say("serving on \(server.addresses[0])")
      try await server.serveForever()
    }
  }
}

func say(_ text: String) {
  print(text)
  fflush(nil)
}
