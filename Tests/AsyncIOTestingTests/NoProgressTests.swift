// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

struct NoProgressTests {
  @Test func `tasks that wait for each other for ever are reported by name`() async throws {
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime(seed: 1) {
        let server = try await startServer(host: VirtualNetwork.host("db").host, port: 80) { reader, _ in
          _ = try await reader.readLine()
        }
        let (reader, writer) = try await openConnection(host: "db", port: 80)
        let task = Task(name: "reader") { try await reader.readLine() }
        // Long enough to appear in the report. The other side got the connection 1 ms earlier.
        try await sleep(.seconds(3))
        _ = try await task.value
        withExtendedLifetime((server, writer)) {}
      }
    }
    let report = try #require(error).description
    #expect(report.hasPrefix("no progress: every task waits and no timer is set: "))
    #expect(report.contains("task \"reader\" waits: receive from 10.0.0.2:80 (for 3 s)"))
    #expect(report.contains("task \"connection from 10.0.0.1:32768\" waits: receive from 10.0.0.1:32768 (for 3.001 s)"))
    #expect(error?.waiting.count == 2)
  }

  @Test func `a body that ignores the cancellation does not hide it`() async {
    await #expect(throws: NoProgressError.self) {
      try await withVirtualTime(seed: 1) {
        let server = try await startServer(host: "localhost", port: 0) { _, _ in }
        try? await server.waitClosedForever()
        server.close()
      }
    }
  }

  @Test func `what is shielded is cancelled too so that the run can end`() async {
    await #expect(throws: NoProgressError.self) {
      try await withVirtualTime(seed: 1) {
        try await shield { try await Future<Void>().value }
      }
    }
  }

  @Test func `the caller's own task is not cancelled`() async {
    await #expect(throws: NoProgressError.self) {
      try await withVirtualTime(seed: 1) {
        try await startServer(host: "localhost", port: 0) { _, _ in }.serveForever()
      }
    }
    #expect(!Task.isCancelled)
  }

  @Test func `a sleep for ever is not a timer`() async throws {
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime(seed: 1) { try await sleep(.seconds(Int64.max)) }
    }
    #expect(error?.waiting == ["task \"withVirtualTime\" waits: sleep (for 0 s)"])
  }
}

extension Server {
  fileprivate nonisolated(nonsending) func waitClosedForever() async throws { try await waitClosed() }
}
