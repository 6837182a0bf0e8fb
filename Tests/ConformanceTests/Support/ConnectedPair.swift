// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

/// Both ends of one connection, on the current loop.
struct ConnectedPair: Sendable {
  struct End: Sendable {
    let reader: StreamReader
    let writer: StreamWriter
  }

  let client: End
  let accepted: End
  let server: Server

  init(host: String = "127.0.0.1", limit: Int = 64 * 1024) async throws {
    let (connections, arrived) = AsyncStream.makeStream(of: End.self)
    server = try await startServer(host: host, port: 0, options: ServerOptions(limit: limit)) { reader, writer in
      arrived.yield(End(reader: reader, writer: writer))
    }
    let (reader, writer) = try await openConnection(host: host, port: server.port, limit: limit)
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
