// SPDX-License-Identifier: Apache-2.0
// Calls that complete at once, repeatedly: other tasks still get their turns, and closed connections are really
// released.

import AsyncIO
import AsyncIOTesting
import Testing

@Suite("Budget of calls that complete at once") struct BudgetTests {
  /// Repeats the call, and fails if no other task has had a turn meanwhile.
  private static func expectTurns(
    _ name: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ call: () async throws -> Void
  ) async throws {
    let turns = Log()
    let other = createTask { while true { turns.append("turn"); try await sleep(.zero) } }
    for _ in 0..<200 { try await call() }
    #expect(turns.entries.count >= 2, name, sourceLocation: sourceLocation)
    other.cancel()
  }

  @Test(arguments: BackendKind.conforming)
  func `opening and closing gives others their turns`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      try await Self.expectTurns("bind") { try await DatagramSocket.bind(host: "127.0.0.1", port: 0).close() }
      try await Self.expectTurns("connect a datagram socket") {
        try await DatagramSocket.connect(to: .loopback(port: 9)).close()
      }
      try await Self.expectTurns("start a server") {
        try await startServer(at: .loopback(port: 0)) { _ in }.close()
      }
      try await Self.expectTurns("pair") {
        let (one, other) = try await ByteStream.pair()
        one.abort()
        other.abort()
      }
      try await Self.expectTurns("resolve a number") { _ = try await resolve("127.0.0.1", port: 80) }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `calls that find everything done give others their turns`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _ in }
      try await Self.expectTurns("startServing") { try await server.startServing() }
      try await Self.expectTurns("statistics") { _ = try await server.statistics }
      server.close()
      try await server.waitClosed()
      try await Self.expectTurns("waitClosed of a server") { try await server.waitClosed() }
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      socket.close()
      try await socket.waitClosed()
      try await Self.expectTurns("waitClosed of a datagram socket") { try await socket.waitClosed() }
      let (one, other) = try await ByteStream.pair()
      try await other.close()
      try await one.close()
      try await Self.expectTurns("close") { try await one.close() }
    }
  }
}
