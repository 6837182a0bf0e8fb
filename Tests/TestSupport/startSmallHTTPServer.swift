// SPDX-License-Identifier: Apache-2.0
// A server for the tests of clients. It answers the requests of a connection in turn, each with one write. It has no
// routes, time limits or streaming bodies: those belong to a server for users.

package import AsyncIO
import AsyncIOCore
package import AsyncIOTLS
import HTTP1Codec

/// Starts a server that answers each request with the handler's response. If the handler throws, its connection is
/// reset.
package nonisolated(nonsending) func startSmallHTTPServer(
  host: String = "127.0.0.1", port: UInt16 = 0, backlog: Int = 1024, tls: TLSConfiguration? = nil,
  handler: @escaping @Sendable (ServedRequest) async throws -> ServedResponse
) async throws -> Server {
  let serve: ConnectionHandler = { reader, writer in
    var connection = SmallHTTPConnection(reader: reader, writer: writer)
    try await connection.serve(handler)
  }
  return try await startServer(
    host: host, port: port, tls: tls, options: ServerOptions(backlog: backlog), handler: serve)
}

private struct SmallHTTPConnection {
  let reader: StreamReader
  let writer: StreamWriter
  private var parser = HTTP1RequestParser()
  private var input: [UInt8] = []
  private var offset = 0
  private var output: [UInt8] = []

  /// The largest body of a request.
  private static let maximumBody = 64 * 1024 * 1024

  init(reader: StreamReader, writer: StreamWriter) {
    self.reader = reader
    self.writer = writer
  }

  mutating func serve(_ handler: @Sendable (ServedRequest) async throws -> ServedResponse) async throws {
    var number = 0
    while true {
      do {
        guard let (head, body) = try await nextRequest() else { break }
        number += 1
        let response = try await handler(ServedRequest(head: head, body: body, number: number))
        guard try await send(response, to: head) else { break }
      } catch is HTTP1Error {
        output.removeAll(keepingCapacity: true)
        _ = try HTTP1MessageWriter.response(status: 400, keepsConnectionAlive: false, into: &output)
        try await writer.write(output)
        break
      } catch let error as SystemError where error.code == .connectionReset || error.code == .brokenPipe {
        // The client left, as clients do.
        return
      }
    }
    try? await writer.close()
  }

  /// Returns the next request with its body; nil at the end of the connection.
  private mutating func nextRequest() async throws -> (HTTP1RequestHead, [UInt8])? {
    var head: HTTP1RequestHead?
    var body: [UInt8] = []
    while true {
      while let event = try parser.next(in: input, at: &offset) {
        switch event {
        case .head(let read): head = read
        case .body(let range): body.append(contentsOf: input[range])
        case .trailers: break
        case .end:
          parser.startNext()
          if let head { return (head, body) }
        }
      }
      if body.count > Self.maximumBody { throw LimitOverrunError(limit: Self.maximumBody, consumed: body.count) }
      offset = 0
      if try await reader.read(into: &input) == 0 {
        try parser.finish()
        return nil
      }
    }
  }

  /// Sends a response. Returns whether the connection stays open.
  private mutating func send(_ response: ServedResponse, to head: HTTP1RequestHead) async throws -> Bool {
    output.removeAll(keepingCapacity: true)
    let hasNoBody = response.status == 204 || response.status == 304
    let (framing, pieces): (HTTP1BodyFraming, [[UInt8]]) =
      switch response.body {
      case .bytes(let bytes): (hasNoBody ? .none : .contentLength(bytes.count), [bytes])
      case .chunks(let chunks): (.chunked, chunks)
      case .untilClose(let bytes): (.untilClose, [bytes])
      }
    var message = try HTTP1MessageWriter.response(
      status: response.status, fields: response.fields, framing: framing, answering: head.method,
      version: head.version, keepsConnectionAlive: head.keepsConnectionAlive && response.keepsConnectionAlive,
      into: &output)
    for piece in pieces { try message.write(piece, into: &output) }
    try message.end(into: &output)
    try await writer.write(output)
    return message.keepsConnectionAlive
  }
}
