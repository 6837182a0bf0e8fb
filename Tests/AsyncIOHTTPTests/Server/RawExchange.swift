// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOHTTP
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

/// Runs the body with a server on a loop of the backend, and shuts it down. The handler runs on that loop.
func withHTTPServer(
  _ backend: BackendKind, limits: HTTPServerLimits = HTTPServerLimits(),
  options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping HTTPHandler,
  _ body: @escaping @Sendable (HTTPServer) async throws -> Void
) async throws {
  try await withEventLoop(backend: backend) {
    let server = try await startHTTPServer(
      host: "127.0.0.1", port: 0, limits: limits, options: options, handler: handler)
    do { try await body(server) } catch {
      await server.shutdown(drain: .zero)
      throw error
    }
    await server.shutdown(drain: .seconds(5))
  }
}

extension HTTPServer {
  /// Sends bytes on a connection of their own, and returns what comes back until the server closes.
  ///
  /// - Parameter endsInput: Whether the client ends its stream behind them.
  func answers(to text: String, endsInput: Bool = false) async throws -> String {
    let stream = try await ByteStream.connect(host: "127.0.0.1", port: port)
    try await stream.write(text)
    if endsInput { try await stream.writeEOF() }
    let answer = try await stream.readToEnd()
    try await stream.close()
    return withoutDates(String(decoding: answer, as: UTF8.self))
  }

  func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}

/// The text without its Date fields.
func withoutDates(_ text: String) -> String {
  let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
  return lines.filter { !$0.hasPrefix("Date: ") }.joined(separator: "\r\n")
}

/// The status lines of answers, without `HTTP/1.1`.
func statuses(_ text: String) -> [String] {
  // A status line may stand right behind the body before it.
  text.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst().map { String($0.prefix(3)) }
}

/// Texts that several tasks append.
final class Texts: Sendable {
  private let texts = Mutex<[String]>([])
  func append(_ text: String) { texts.withLock { $0.append(text) } }
  var all: [String] { texts.withLock { $0 } }
}
