// SPDX-License-Identifier: Apache-2.0
// A TCP proxy: `proxy LISTEN-PORT HOST PORT` passes each connection on, both ways.
//
// It shows two pumps for each connection that end together, and half-closed connections: one side may have sent its end
// and still receive. Limits bound peers that connect and then do nothing. The end lets transfers finish: on Ctrl-C the
// proxy stops listening and gives them ten seconds.

import AsyncIO
import Glibc

@main struct Proxy {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count == 3, let port = UInt16(words[0]), let upstreamPort = UInt16(words[2]) else {
      print("usage: proxy LISTEN-PORT HOST PORT")
      exit(64)
    }
    EventLoop.runMain {
      let limits = ServerLimits(timeWithoutProgress: .seconds(300))
      let server = try await startServer(host: "127.0.0.1", port: port, limits: limits) { client in
        do {
          try await withConnection(host: words[1], port: upstreamPort, timeout: .seconds(5)) { upstream in
            try await withTaskScope { scope in
              scope.createTask(name: "up") { try await pump(from: client, to: upstream) }
              scope.createTask(name: "down") { try await pump(from: upstream, to: client) }
            }
          }
        } catch let error as SystemError {
          // One side has gone, as peers do; a reset tells the other side.
          print(error)
          fflush(nil)
          client.abort()
        }
      }
      print("proxy at", server.addresses[0])
      fflush(nil)
      try await server.serveForever(drain: .seconds(10))
    }
  }

  static func pump(from source: ByteStream, to target: ByteStream) async throws {
    var buffer: [UInt8] = []
    while try await source.read(into: &buffer, upTo: 256 * 1024) > 0 { try await target.write(buffer) }
    try await target.writeEOF()
  }
}
