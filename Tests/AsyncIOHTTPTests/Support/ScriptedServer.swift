// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Synchronization
import TestSupport

/// A server that sends fixed bytes for any request: for responses that a proper server never sends.
struct ScriptedServer: Sendable {
  enum Step: Sendable {
    /// Waits for the end of a request's head.
    case request
    case send(String)
    /// Ends the connection properly.
    case close
    /// Resets it.
    case reset
    /// Keeps the connection open until the client closes it.
    case hang
  }

  let server: Server
  let connections = Count()

  /// Each connection takes the next script; the last one serves all further ones.
  init(_ scripts: [Step]...) async throws {
    let connections = connections
    server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      let script = scripts[min(connections.next(), scripts.count - 1)]
      for step in script {
        switch step {
        case .request: _ = try await reader.readUntil(Array("\r\n\r\n".utf8))
        case .send(let text): try await writer.write(text)
        case .close: return try await writer.close()
        case .reset: return writer.abort()
        case .hang: _ = try? await reader.readToEnd()
        }
      }
    }
  }

  func url(_ path: String = "/") -> String { "http://127.0.0.1:\(server.port)\(path)" }
}

/// A number that several tasks or threads increase.
final class Count: Sendable {
  private let value = Mutex(0)

  /// The number before it is increased.
  @discardableResult
  func next() -> Int {
    value.withLock { value in
      defer { value += 1 }
      return value
    }
  }

  var current: Int { value.withLock { $0 } }
}

extension Server {
  func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}
