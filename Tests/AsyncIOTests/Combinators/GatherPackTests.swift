// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

/// Not Sendable: it belongs to its actor.
private final class Counter {
  var value = 0
}

private actor Account {
  var balance = 0
  let counter = Counter()

  /// Without hops in between, two bodies never see each other's half-finished work.
  func work() async throws -> [Int] {
    let (first, second) = try await gather(
      {
        self.balance += 1
        self.counter.value += 1
        try await sleep(.milliseconds(1))
        self.balance += 1
        return self.balance
      },
      {
        self.balance += 10
        self.counter.value += 10
        return self.balance
      })
    let rest = try await gather(0..<3) { number in
      balance += 100
      counter.value += 100
      try await sleep(.milliseconds(3 - number))
      return balance
    }
    return [first, second, counter.value, balance] + rest
  }
}

@MainActor private final class Model {
  var text = ""
  let counter = Counter()

  func load() async throws -> Int {
    let (a, _) = try await gather(
      {
        self.text += "a"
        return self.counter.value
      }, { self.text += "b" })
    _ = try await gather(["c", "d"]) { letter in
      text += letter
      counter.value += 1
      try await sleep(.zero)
      MainActor.assertIsolated()
    }
    return a + counter.value
  }
}

@Suite(.virtualTime) struct GatherPackTests {
  @Test func `bodies of several types return a tuple`() async throws {
    let (number, text, flag) = try await gather(
      {
        try await sleep(.seconds(2))
        return 1
      },
      {
        try await sleep(.seconds(1))
        return "two"
      }, { true })
    #expect(number == 1 && text == "two" && flag)
    #expect(EventLoop.current.time == .init(nanoseconds: 2_000_000_000))
  }

  @Test func `one body returns its value`() async throws {
    let value = try await gather({ 5 })
    #expect(value == 5)
  }

  @Test func `the first error is thrown when all have ended`() async throws {
    await #expect(throws: Failure(number: 2)) {
      try await gather(
        {
          do { try await sleep(.seconds(5)) } catch {
            try await shield { try await sleep(.seconds(1)) }
            throw Failure(number: 1)
          }
        },
        {
          try await sleep(.seconds(1))
          throw Failure(number: 2)
        })
    }
    #expect(EventLoop.current.time == .init(nanoseconds: 2_000_000_000))
  }

  @Test func `bodies may use what belongs to the caller's actor`() async throws {
    #expect(try await Account().work() == [12, 11, 311, 312, 312, 312, 312])
  }

  // On a loop that keeps the order: in virtual time, ready jobs run in a random one.
  @Test(.eventLoop) func `bodies of the main actor use its state`() async throws {
    let model = await Model()
    #expect(try await model.load() == 2)
    #expect(await model.text == "abcd")
  }

  @Test func `functions of other isolations can be gathered`() async throws {
    #expect(try await gather([1, 2], onMainActor) == [2, 4])
    #expect(try await gather([1, 2], anywhere) == [3, 6])
  }

  // MARK: - Results

  @Test func `results tell how each body ended`() async throws {
    let results = try await gatherResults(0..<4) { number in
      try await sleep(.seconds(4 - number))
      if number == 1 { throw Failure(number: 1) }
      if number == 2 { throw CancellationError() }
      return number
    }
    #expect(try results[0].get() == 0)
    #expect(throws: Failure(number: 1)) { try results[1].get() }
    #expect(throws: CancellationError.self) { try results[2].get() }
    #expect(try results[3].get() == 3)
    #expect(EventLoop.current.time == .init(nanoseconds: 4_000_000_000))
  }

  @Test func `results of several types are a tuple`() async throws {
    let (number, text) = try await gatherResults({ 1 }, { () -> String in throw Failure() })
    #expect(try number.get() == 1)
    #expect(throws: Failure.self) { try text.get() }
  }

  @Test func `a cancellation of the caller is not a result`() async throws {
    let task = createTask {
      // asyncio's issue 32684: only the error ends this.
      while true { _ = try await gatherResults([1]) { try await sleep(.milliseconds(50 * $0)) } }
    }
    try await sleep(.milliseconds(200))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a cancellation of the caller is not a result of several bodies either`() async throws {
    let task = createTask {
      _ = try await gatherResults({ try await sleep(.seconds(1)) }, { 1 })
    }
    try await sleep(.milliseconds(200))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `results of bodies that end in other ways survive the cancellation`() async throws {
    let task = createTask {
      try await gatherResults(0..<2) { number in
        try? await sleep(.seconds(1))
        if number == 1 { throw Failure() }
        return number
      }
    }
    try await sleep(.milliseconds(200))
    task.cancel()
    let results = try await task.value
    #expect(try results[0].get() == 0)
    #expect(throws: Failure.self) { try results[1].get() }
  }
}

@MainActor private func onMainActor(_ number: Int) async throws -> Int {
  MainActor.assertIsolated()
  return number * 2
}

@concurrent private func anywhere(_ number: Int) async throws -> Int { number * 3 }

@Suite struct GatherOffLoopTests {
  @Test func `without a loop the bodies run on the shared one`() async throws {
    let counter = Counter()
    let values = try await gather(0..<200) { number in
      counter.value += 1
      if number % 3 == 0 { try await sleep(.zero) }
      counter.value += 1
      return EventLoop.current === (try EventLoop.running)
    }
    #expect(values.allSatisfy { $0 })
    #expect(counter.value == 400)
  }

  @Test func `an actor's bodies stay with it`() async throws {
    #expect(try await Account().work() == [12, 11, 311, 312, 312, 312, 312])
  }
}
