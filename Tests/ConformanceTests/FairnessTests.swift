// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Fairness") struct FairnessTests {
  @Test(arguments: BackendKind.conforming)
  func `tasks that never wait keep neither timers nor I/O from being served`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let loop = EventLoop.current
      let busy = (0..<10).map { _ in Task { while !Task.isCancelled { try await sleep(.zero) } } }
      let echoing = Task {
        while let line = try await pair.accepted.reader.readLine() { try await pair.accepted.writer.write(line + "\n") }
      }
      for round in 0..<50 {
        try await pair.client.writer.write("\(round)\n")
        #expect(try await pair.client.reader.readLine() == "\(round)")
      }
      let start = loop.time
      try await sleep(.milliseconds(2))
      #expect(start.duration(to: loop.time) >= .milliseconds(2))
      for task in busy { task.cancel() }
      try await pair.close()
      _ = await echoing.result
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a task whose reads and writes all complete at once lets others run`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 1_000_000)
      let bytes = pattern(50_000)
      try await pair.client.writer.write(bytes)
      #expect(try await pair.accepted.reader.readExactly(1).count == 1)
      let log = Log()
      let others = Task { for _ in 0..<5 { log.append("other"); try await sleep(.zero) } }
      for _ in 0..<1000 { _ = try await pair.accepted.reader.readExactly(1) }
      #expect(log.entries.count == 5)
      try await others.value
      try await pair.close()
    }
  }
}
