// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

private func seconds() -> Double {
  EventLoop.Instant(nanoseconds: 0).duration(to: EventLoop.current.time) / .seconds(1)
}

/// Waits of 1, 2, 4, 5, 5, … seconds.
private let steps = Backoff(first: .seconds(1), factor: 2, maximum: .seconds(5), jitter: .none)

@Suite(.virtualTime) struct RetryTests {
  @Test func `returns what the first attempt returns that succeeds`() async throws {
    var times: [Double] = []
    let attempt = try await retry(RetryPolicy(attempts: 5, backoff: steps)) { attempt in
      times.append(seconds())
      if attempt < 4 { throw Failure(number: attempt) }
      return attempt
    }
    #expect(attempt == 4)
    #expect(times == [0, 1, 3, 7])
  }

  @Test func `the last error is thrown as it is`() async throws {
    await #expect(throws: Failure(number: 6)) {
      try await retry(RetryPolicy(attempts: 6, backoff: steps)) { throw Failure(number: $0) }
    }
    #expect(seconds() == 1 + 2 + 4 + 5 + 5)
  }

  @Test func `one attempt is not a retry`() async throws {
    await #expect(throws: Failure(number: 1)) {
      try await retry(RetryPolicy(attempts: 1, backoff: steps)) { throw Failure(number: $0) }
    }
    #expect(seconds() == 0)
    let error = await #expect(throws: MisuseError.self) { try await retry(RetryPolicy(attempts: 0)) { $0 } }
    #expect(error?.description == "retry: attempts is 0; it must be 1 or more")
  }

  @Test func `only errors that the policy names are retried`() async throws {
    var attempts = 0
    let policy = RetryPolicy(attempts: 5, backoff: steps) { $0 as? Failure != Failure(number: 2) }
    await #expect(throws: Failure(number: 2)) {
      try await retry(policy) { attempt in
        attempts = attempt
        throw Failure(number: attempt)
      }
    }
    #expect(attempts == 2)
  }

  @Test func `no attempt begins after the deadline`() async throws {
    var times: [Double] = []
    await #expect(throws: Failure.self) {
      try await retry(RetryPolicy(attempts: 100, backoff: steps, deadline: .seconds(10))) { _ in
        times.append(seconds())
        try await sleep(.milliseconds(500))
        throw Failure()
      }
    }
    #expect(times == [0, 1.5, 4, 8.5])
    // The next attempt would begin at 14 s, so `retry` does not wait for it.
    #expect(seconds() == 9)
  }

  // MARK: - Cancellation

  @Test func `a cancellation error is not retried`() async throws {
    var attempts = 0
    await #expect(throws: CancellationError.self) {
      try await retry { _ in
        attempts += 1
        throw CancellationError()
      }
    }
    #expect(attempts == 1)
  }

  @Test func `no error of a cancelled task is retried`() async throws {
    let log = Log()
    let task = createTask {
      try await retry { attempt in
        log.add(attempt)
        do { try await sleep(.seconds(1)) } catch { throw Failure(number: 9) }
      }
    }
    try await sleep(.milliseconds(1))
    task.cancel()
    await #expect(throws: Failure(number: 9)) { try await task.value }
    #expect(log.entries == ["1"])
  }

  @Test func `a cancellation ends the wait`() async throws {
    let task = createTask { try await retry(RetryPolicy(backoff: steps)) { _ in throw Failure() } }
    try await sleep(.milliseconds(500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(seconds() == 0.5)
  }

  @Test func `time limits around an attempt and around all do different things`() async throws {
    let attempt = try await retry(RetryPolicy(attempts: 3, backoff: .none) { $0 is TimeoutError }) { attempt in
      try await withTimeout(.seconds(1)) {
        if attempt < 3 { try await sleep(.seconds(10)) }
        return attempt
      }
    }
    #expect(attempt == 3 && seconds() == 2)
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(2)) { try await retry(RetryPolicy(backoff: steps)) { _ in throw Failure() } }
    }
    #expect(seconds() == 4)
  }

  // MARK: - Backoff

  @Test(arguments: [Backoff.Jitter.none, .equal, .full]) func `jitter shortens the wait by a random part`(
    jitter: Backoff.Jitter
  ) async throws {
    let policy = RetryPolicy(
      attempts: 200, backoff: Backoff(first: .seconds(1), factor: 1, maximum: .seconds(1), jitter: jitter))
    var last = 0.0
    var waits: [Double] = []
    await #expect(throws: Failure.self) {
      try await retry(policy) { attempt in
        if attempt > 1 { waits.append(seconds() - last) }
        last = seconds()
        throw Failure()
      }
    }
    #expect(waits.count == 199)
    let (shortest, longest) = (waits.min()!, waits.max()!)
    switch jitter {
    case .none: #expect(abs(shortest - 1) < 1e-6 && abs(longest - 1) < 1e-6)
    case .equal: #expect(shortest >= 0.499 && shortest < 0.6 && longest > 0.9 && longest <= 1.001)
    case .full: #expect(shortest < 0.2 && longest > 0.8 && longest <= 1.001)
    }
  }

  @Test func `a wait never overflows`() async throws {
    let backoff = Backoff(first: .seconds(1_000_000_000), factor: 1e30, maximum: .seconds(3_000_000_000), jitter: .none)
    let policy = RetryPolicy(attempts: 4, backoff: backoff, deadline: .seconds(9_000_000_000))
    await #expect(throws: Failure(number: 4)) { try await retry(policy) { throw Failure(number: $0) } }
  }
}

@Suite struct RetrySeedTests {
  /// The instants of some attempts with jitter.
  private func instants(seed: UInt64) async throws -> [EventLoop.Instant] {
    try await withVirtualTime(seed: seed) {
      var instants: [EventLoop.Instant] = []
      _ = try? await retry(RetryPolicy(attempts: 10)) { _ in
        instants.append(EventLoop.current.time)
        throw Failure()
      }
      return instants
    }
  }

  @Test func `the jitter follows from the seed of the run`() async throws {
    let first = try await instants(seed: 7)
    #expect(first.count == 10)
    #expect(try await instants(seed: 7) == first)
    #expect(try await instants(seed: 8) != first)
  }
}

@Suite(.virtualTime) struct RetryBudgetTests {
  @Test func `retries are a share of the calls once the reserve is used up`() async throws {
    let budget = RetryBudget(share: 0.2, reserve: 10)
    let policy = RetryPolicy(attempts: 3, backoff: .none, budget: budget)
    var attempts = 0
    for _ in 0..<1000 {
      await #expect(throws: Failure.self) {
        try await retry(policy) { _ in
          attempts += 1
          throw Failure()
        }
      }
    }
    // The calls' shares at the beginning exceeded the budget's bound.
    #expect((1200...1210).contains(attempts))
    #expect(budget.available == 0)
  }

  @Test func `calls that succeed fill it up to the reserve`() async throws {
    let budget = RetryBudget(share: 0.5, reserve: 3)
    for _ in 0..<3 { #expect(budget.takeRetry()) }
    #expect(!budget.takeRetry())
    let policy = RetryPolicy(budget: budget)
    for _ in 0..<4 { _ = try await retry(policy) { $0 } }
    #expect(budget.available == 2)
    for _ in 0..<100 { _ = try await retry(policy) { $0 } }
    #expect(budget.available == 3)
  }

  @Test func `time fills it too`() async throws {
    let budget = RetryBudget(share: 0, reserve: 5, perSecond: 2)
    for _ in 0..<5 { #expect(budget.takeRetry()) }
    #expect(!budget.takeRetry())
    try await sleep(.milliseconds(499))
    #expect(!budget.takeRetry())
    try await sleep(.milliseconds(1))
    #expect(budget.takeRetry())
    #expect(!budget.takeRetry())
    try await sleep(.seconds(3600))
    #expect(budget.available == 5)
  }

  @Test func `without a budget left the error is thrown at once`() async throws {
    let budget = RetryBudget(share: 0, reserve: 0)
    await #expect(throws: Failure(number: 1)) {
      try await retry(RetryPolicy(backoff: steps, budget: budget)) { throw Failure(number: $0) }
    }
    #expect(seconds() == 0)
  }
}
