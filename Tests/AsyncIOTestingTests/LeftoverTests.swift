// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Synchronization
import Testing

@testable import AsyncIOTesting

private struct Failure: Error, CustomStringConvertible { var description: String { "nobody wants me" } }

struct LeftoverTests {
  /// The reports of a run of the body, in virtual time or on a kernel's backend.
  private func reports(
    of kind: BackendKind = .virtual, _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> [String] {
    let reports = RunReports()
    if kind == .virtual {
      try await runVirtually(name: "test", seed: 1, reports: reports, body)
    } else {
      try await LoopRun.run(name: "test", reports: reports, makeBackend: { try BackendChoice.make(kind) }, body)
    }
    return reports.all
  }

  @Test func `a task that waits again and again after its cancellation is reported soon`() async throws {
    let line = #line + 2
    let reports = try await reports {
      createTask(name: "ticker") { while true { try? await sleep(.seconds(1)) } }
      try await sleep(.seconds(5))
    }
    #expect(reports.count == 2)
    #expect(reports.first?.hasPrefix("task \"ticker\"") == true)
    let last = try #require(reports.last)
    #expect(
      last.hasPrefix("a task was cancelled at the end of the loop, and waits again and again instead of ending: "))
    #expect(last.contains("task \"ticker\" (created at AsyncIOTestingTests/LeftoverTests.swift:\(line)) waits: sleep"))
  }

  @Test func `the same for a task of Swift's own`() async throws {
    let reports = try await reports {
      Task(name: "ticker") { while true { try? await sleep(.seconds(1)) } }
      try await sleep(.seconds(5))
    }
    #expect(
      reports == [
        "task \"ticker\" of Swift's own was left behind (it waits: sleep)",
        "a task was cancelled at the end of the loop, and waits again and again instead of ending: "
          + "task \"ticker\" waits: sleep",
      ])
  }

  @Test func `a task that yields for ever is reported soon`() async throws {
    let reports = try await reports {
      createTask(name: "spinner") { while true { await Task.yield() } }
      try await sleep(.seconds(5))
    }
    #expect(reports.last?.hasPrefix("tasks were still running 10 s after they were cancelled") == true)
    #expect(reports.last?.contains("task \"spinner\"") == true)
  }

  @Test(arguments: [BackendKind.virtual, .epoll])
  func `an error that nobody awaits is reported once with its place`(kind: BackendKind) async throws {
    let line = #line + 2
    let reports = try await reports(of: kind) {
      createTask(name: "failing") { throw Failure() }
      try await sleep(.milliseconds(1))
    }
    #expect(
      reports == [
        "task \"failing\" failed, and nobody awaited it (created at AsyncIOTestingTests/LeftoverTests.swift:\(line)): "
          + "nobody wants me"
      ])
  }

  @Test(arguments: [BackendKind.virtual, .epoll])
  func `an open server is reported with its place`(kind: BackendKind) async throws {
    let line = #line + 2
    let reports = try await reports(of: kind) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      // Its client has gone when the test ends, and the connection belongs to the server.
      _ = try await openConnection(host: "127.0.0.1", port: server.port)
      try await sleep(.milliseconds(10))
    }
    #expect(reports.count == 1)
    #expect(reports.first?.hasPrefix("server at 127.0.0.1:") == true)
    #expect(
      reports.first?.hasSuffix("was not closed (started at AsyncIOTestingTests/LeftoverTests.swift:\(line))") == true)
  }

  @Test(arguments: [BackendKind.virtual, .epoll])
  func `a body that cleans up has nothing to report`(kind: BackendKind) async throws {
    let reports = try await reports(of: kind) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write(try await reader.readToEnd())
      }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      try await writer.writeEOF()
      _ = try await reader.readToEnd()
      let task = createTask { throw Failure() }
      await #expect(throws: Failure.self) { try await task.value }
      let cancelled = createTask { try await sleep(.seconds(3600)) }
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      server.close()
    }
    #expect(reports == [])
  }

  @Test func `a handler of the test's own takes the errors`() async throws {
    let seen = Log<String>()
    let reports = try await reports {
      EventLoop.current.setExceptionHandler { _, context in seen.append("\(context.error ?? Failure())") }
      createTask { throw Failure() }
      try await sleep(.milliseconds(1))
    }
    #expect(reports == [])
    #expect(seen.entries == ["nobody wants me"])
  }
}
