// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

/// The order of jobs; on the kernel's backends only, since a virtual loop draws it from a seed.
@Suite("Order of jobs") struct JobOrderTests {
  static let ordered = BackendKind.conforming.filter { $0 != .virtual }

  @Test(arguments: ordered)
  func `callbacks run in the order of callSoon`(backend: BackendKind) async throws {
    let log = try await withEventLoop(backend: backend) {
      let log = Log()
      for number in 0..<100 { EventLoop.current.callSoon { log.append("\(number)") } }
      try await sleep(.zero)
      return log.entries
    }
    #expect(log == (0..<100).map { "\($0)" })
  }

  @Test(arguments: ordered)
  func `what a callback adds runs in the next turn`(backend: BackendKind) async throws {
    let log = try await withEventLoop(backend: backend) {
      let log = Log()
      let loop = EventLoop.current
      loop.callSoon {
        log.append("first, turn \(loop.statistics.turns)")
        loop.callSoon { log.append("added, turn \(loop.statistics.turns)") }
      }
      loop.callSoon { log.append("second, turn \(loop.statistics.turns)") }
      for _ in 0..<3 { try await sleep(.zero) }
      return log.entries
    }
    let turns = log.map { Int($0.split(separator: " ").last!)! }
    #expect(log.map { $0.prefix { $0 != "," } } == ["first", "second", "added"])
    #expect(turns[0] == turns[1])
    #expect(turns[2] == turns[1] + 1)
  }

  @Test(arguments: ordered)
  func `tasks that yield take turns`(backend: BackendKind) async throws {
    let log = try await withEventLoop(backend: backend) {
      let log = Log()
      let tasks = ["a", "b", "c"].map { name in
        Task {
          for step in 0..<3 {
            log.append("\(name)\(step)")
            try await sleep(.zero)
          }
        }
      }
      for task in tasks { try await task.value }
      return log.entries
    }
    #expect(log == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"])
  }

  @Test(arguments: BackendKind.conforming)
  func `all of a test's code runs on the loop's thread`(backend: BackendKind) async throws {
    actor Counter {
      func loop() -> ObjectIdentifier? { (try? EventLoop.running).map(ObjectIdentifier.init) }
    }
    let same = try await withEventLoop(backend: backend) {
      let here = ObjectIdentifier(try EventLoop.running)
      async let child = EventLoop.running
      var seen = [ObjectIdentifier(try await child)]
      seen.append(ObjectIdentifier(try await Task { try EventLoop.running }.value))
      seen.append(ObjectIdentifier(try await Task.detached { try EventLoop.running }.value))
      if let actors = await Counter().loop() { seen.append(actors) }
      try await Task.sleep(for: .milliseconds(1))
      seen.append(ObjectIdentifier(try EventLoop.running))
      return seen.allSatisfy { $0 == here } && seen.count == 5
    }
    #expect(same)
  }
}

/// Events, in order.
final class Log: @unchecked Sendable {
  // Sendable: used on one loop only.
  private(set) var entries: [String] = []
  func append(_ entry: String) { entries.append(entry) }
}
