// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

/// Waits for tasks that end on the thread of another loop.
@Suite(.eventLoop) struct OtherThreadsTests {
  private func settle(_ futures: [Future<Int>]) async throws {
    try await withEventLoop(backend: .epoll) {
      for (number, future) in futures.enumerated() {
        future.setResult(number)
        if number % 5 == 0 { try await sleep(.zero) }
      }
    }
  }

  private func futures() -> [Future<Int>] { (0..<20).map { _ in Future<Int>() } }

  @Test func `gather returns what was settled elsewhere`() async throws {
    for _ in 0..<20 {
      let all = futures()
      async let settled: Void = settle(all)
      #expect(try await gather(all) == Array(0..<20))
      try await settled
    }
  }

  @Test func `wait returns when enough was settled elsewhere`() async throws {
    for round in 0..<20 {
      let all = futures()
      async let settled: Void = settle(all)
      let (done, pending) = try await wait(all, returnWhen: round % 2 == 0 ? .firstCompleted : .allCompleted)
      #expect(done.count + pending.count == 20 && !done.isEmpty)
      if round % 2 != 0 { #expect(pending.isEmpty) }
      try await settled
    }
  }

  @Test func `asCompleted gives the order of the other thread`() async throws {
    for _ in 0..<20 {
      let all = futures()
      let ended = asCompleted(all)
      async let settled: Void = settle(all)
      var values: [Int] = []
      for try await future in ended { values.append(try await future.value) }
      #expect(values == Array(0..<20))
      try await settled
    }
  }

  @Test func `nothing is lost when the task that iterates is cancelled meanwhile`() async throws {
    for round in 0..<20 {
      let all = futures()
      let ended = asCompleted(all)
      let log = Log()
      let iterating = createTask {
        for try await future in ended { log.add(try await future.value) }
      }
      async let settled: Void = settle(all)
      for _ in 0..<round { try await sleep(.zero) }
      iterating.cancel()
      _ = try? await iterating.value
      for try await future in ended { log.add(try await future.value) }
      #expect(log.entries.count == 20 && Set(log.entries).count == 20)
      try await settled
    }
  }
}
