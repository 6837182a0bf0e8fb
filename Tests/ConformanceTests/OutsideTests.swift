// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import Testing

/// Tasks outside of loops: each call of the library goes to the shared background loop and back.
@Suite("From outside of a loop") struct OutsideTests {
  @Test func `a task that calls the library goes on where it was`() async throws {
    try #require(EventLoop.onThisThread == nil)
    try await sleep(.milliseconds(1))
    #expect(EventLoop.onThisThread == nil)
    try await sleep(.zero)
    #expect(EventLoop.onThisThread == nil)
  }

  @Test func `streams work from outside, and leave their task outside`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      while let line = try await reader.readLine() { try await writer.write("<\(line)>\n") }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
          for round in 0..<5 {
            try await writer.write("\(number) \(round)\n")
            #expect(try await reader.readLine() == "<\(number) \(round)>")
            #expect(EventLoop.onThisThread == nil)
          }
          try await writer.close()
        }
      }
      try await group.waitForAll()
    }
    server.close()
    try await server.waitClosed()
  }

  @Test func `a cancelled task outside leaves its sleep at once`() async throws {
    let task = Task.detached { try await sleep(.seconds(3600)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a loop's executor that is kept after its end runs jobs elsewhere`() async throws {
    let executor = try await withEventLoopExecutor()
    let value = await Task(executorPreference: executor) { 42 }.value
    #expect(value == 42)
  }

  private func withEventLoopExecutor() async throws -> any TaskExecutor {
    let thread = try LoopThread.start(name: "kept") { try BackendChoice.make(.epoll) }
    let executor = thread.loop.taskExecutor
    await Task.detached { thread.stop() }.value
    return executor
  }
}
