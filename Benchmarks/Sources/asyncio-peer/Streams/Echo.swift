// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

/// Echoes every byte.
@MainActor func serveEcho(port: UInt16) async throws {
  let server = try await startServer(host: "127.0.0.1", port: port, options: ServerOptions(backlog: 4096)) {
    reader, writer in
    var buffer: [UInt8] = []
    while try await reader.read(into: &buffer, upTo: 256 * 1024) > 0 { try await writer.write(buffer) }
  }
  print(server.port)
  fflush(nil)
  try await server.serveForever()
}

/// Echoes on several loops, with so much work for each message that the loops are the limit, and not the client.
func serveWork(port: UInt16, loops: Int, steps: Int) throws {
  stepsOfWork = steps
  try EventLoop.run(loops: .count(loops)) {
    let server = try await startServer(
      host: "127.0.0.1", port: port, options: ServerOptions(backlog: 4096), handler: workAndEcho)
    print(server.port)
    fflush(nil)
    try await server.serveForever()
  }
}

/// Outside of actors, so that every loop runs it.
@Sendable @concurrent private func workAndEcho(
  _ reader: StreamReader, _ writer: StreamWriter
) async throws {
  var buffer: [UInt8] = []
  while try await reader.read(into: &buffer, upTo: 256 * 1024) > 0 {
    var sum = UInt64(buffer[0])
    for step in 0..<(stepsOfWork * 1000) { sum = sum &* 6_364_136_223_846_793_005 &+ UInt64(step) }
    if sum == 42 { fflush(nil) }
    try await writer.write(buffer)
  }
}

/// Set before any loop runs.
private nonisolated(unsafe) var stepsOfWork = 0
