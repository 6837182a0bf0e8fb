// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// Both ends of one connection, on the current loop.
struct ConnectedPair: Sendable {
  struct End: Sendable {
    let reader: StreamReader
    let writer: StreamWriter
  }

  let client: End
  let accepted: End
  let server: Server

  init(limit: Int = 64 * 1024) async throws {
    let (connections, arrived) = AsyncStream.makeStream(of: End.self)
    server = try await startServer(host: "127.0.0.1", port: 0, limit: limit) { reader, writer in
      arrived.yield(End(reader: reader, writer: writer))
    }
    let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port, limit: limit)
    client = End(reader: reader, writer: writer)
    var iterator = connections.makeAsyncIterator()
    accepted = await iterator.next()!
  }

  func close() async throws {
    server.close()
    client.writer.abort()
    accepted.writer.abort()
    try await server.waitClosed()
  }
}

/// Runs turns of the loop until the condition holds; the test's time limit ends a condition that never will.
func turns(until condition: () async throws -> Bool) async throws {
  while try await !condition() { try await sleep(.microseconds(50)) }
}

/// Bytes that differ from place to place, so that a lost or doubled piece shows.
func pattern(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
  var state = UInt32(seed) &* 2_654_435_761 &+ 12345
  return (0..<count).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return UInt8(truncatingIfNeeded: state >> 24)
  }
}
