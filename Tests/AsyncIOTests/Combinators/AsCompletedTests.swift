// SPDX-License-Identifier: Apache-2.0
// The cases are those of CPython's test_tasks.py: `test_as_completed` and related ones.

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {}

private func sleeper(_ milliseconds: Int) -> TaskHandle<Int> {
  createTask {
    try await sleep(.milliseconds(milliseconds))
    return milliseconds
  }
}

private func milliseconds() -> Int {
  Int(EventLoop.Instant(nanoseconds: 0).duration(to: EventLoop.current.time) / .milliseconds(1))
}

@Suite(.virtualTime) struct AsCompletedTests {
  @Test func `gives the same tasks in the order in which they end`() async throws {
    let tasks = [sleeper(20), sleeper(150), sleeper(10)]
    var seen: [TaskHandle<Int>] = []
    for try await task in asCompleted(tasks) {
      #expect(task.isDone)
      seen.append(task)
      #expect(milliseconds() == (try await task.value))
    }
    #expect(seen.elementsEqual([tasks[2], tasks[0], tasks[1]], by: ===))
  }

  @Test func `what has ended before comes first in its order`() async throws {
    let futures = (0..<4).map { _ in Future<Int>() }
    futures[3].setResult(3)
    futures[1].setResult(1)
    let ended = asCompleted(futures)
    futures[2].setResult(2)
    futures[0].setResult(0)
    var values: [Int] = []
    for try await future in ended { values.append(try await future.value) }
    #expect(values == [1, 3, 2, 0])
  }

  @Test func `the order is that of the ends however late somebody asks`() async throws {
    let tasks = [sleeper(30), sleeper(10), sleeper(20)]
    let ended = asCompleted(tasks)
    try await sleep(.seconds(1))
    var values: [Int] = []
    for try await task in ended { values.append(try await task.value) }
    #expect(values == [10, 20, 30])
  }

  @Test func `nothing ends at once`() async throws {
    for try await _ in asCompleted([TaskHandle<Int>]()) { Issue.record("there is nothing") }
  }

  @Test func `what is given twice comes once`() async throws {
    let (ham, spam) = (sleeper(1), sleeper(2))
    var seen: [TaskHandle<Int>] = []
    for try await task in asCompleted([ham, ham, spam]) { seen.append(task) }
    #expect(seen.elementsEqual([ham, spam], by: ===))
  }

  @Test func `failures and cancellations are ends too`() async throws {
    let failing = createTask { () -> Int in
      try await sleep(.milliseconds(5))
      throw Failure()
    }
    let cancelled = sleeper(1000)
    let last = sleeper(20)
    EventLoop.current.callLater(.milliseconds(10)) { cancelled.cancel() }
    var seen: [TaskHandle<Int>] = []
    for try await task in asCompleted([last, cancelled, failing]) { seen.append(task) }
    #expect(seen.elementsEqual([failing, cancelled, last], by: ===))
    #expect(failing.error is Failure && cancelled.isCancelled)
  }

  @Test func `takes tasks and futures side by side`() async throws {
    let future = Future<String>()
    let task = sleeper(10)
    EventLoop.current.callLater(.milliseconds(20)) { future.setResult("late") }
    var seen: [any Awaitable] = []
    for try await awaitable in asCompleted([future, task]) { seen.append(awaitable) }
    #expect(seen[0] === task && seen[1] === future)
  }

  // MARK: - Time

  @Test func `after the timeout it throws and the others go on`() async throws {
    let (a, b) = (sleeper(100), sleeper(150))
    var values: [Int] = []
    let error = await #expect(throws: TimeoutError.self) {
      for try await task in asCompleted([a, b], timeout: .milliseconds(120)) { values.append(try await task.value) }
    }
    #expect(error?.description == "asCompleted: out of time after 0.12 seconds")
    #expect(values == [100])
    #expect(milliseconds() == 120)
    #expect(try await b.value == 150)
  }

  @Test func `the time counts from the call on`() async throws {
    let (a, b) = (sleeper(100), sleeper(1000))
    let ended = asCompleted([a, b], timeout: .milliseconds(300))
    var values: [Int] = []
    await #expect(throws: TimeoutError.self) {
      for try await task in ended {
        values.append(try await task.value)
        try await sleep(.milliseconds(150))
      }
    }
    #expect(values == [100])
    #expect(milliseconds() == 300)
  }

  @Test func `what has ended is given even after the timeout`() async throws {
    let (a, b) = (sleeper(100), sleeper(150))
    let ended = asCompleted([a, b], timeout: .milliseconds(120))
    try await sleep(.seconds(1))
    var values: [Int] = []
    for try await task in ended { values.append(try await task.value) }
    #expect(values == [100, 150])
  }

  @Test func `a timeout that is not reached leaves no timer`() async throws {
    for try await task in asCompleted([sleeper(10)], timeout: .seconds(1)) { #expect(try await task.value == 10) }
    #expect(milliseconds() == 10)
    try await sleep(.milliseconds(1))
    #expect(milliseconds() == 11)
  }

  // MARK: - Iterating

  @Test func `an iteration that was left can be taken up again`() async throws {
    let ended = asCompleted((0..<4).map { sleeper($0) })
    var values: [Int] = []
    for try await task in ended {
      values.append(try await task.value)
      if values.count == 2 { break }
    }
    for try await task in ended { values.append(try await task.value) }
    #expect(values == [0, 1, 2, 3])
  }

  @Test func `several tasks share an iteration`() async throws {
    let ended = asCompleted((1...6).map { sleeper($0) })
    let counts = try await gather(0..<3) { _ in
      var values: [Int] = []
      for try await task in ended { values.append(try await task.value) }
      return values
    }
    #expect(counts.joined().sorted() == [1, 2, 3, 4, 5, 6])
    #expect(counts.map(\.count) == [2, 2, 2])
  }

  @Test func `cancelling the task that iterates leaves the tasks running`() async throws {
    let tasks = [sleeper(10), sleeper(1000)]
    let iterating = createTask {
      for try await _ in asCompleted(tasks) {}
    }
    try await sleep(.milliseconds(500))
    iterating.cancel()
    await #expect(throws: CancellationError.self) { try await iterating.value }
    #expect(milliseconds() == 500)
    #expect(try await tasks[1].value == 1000)
  }

  @Test func `a cancelled task takes nothing away`() async throws {
    let future = Future<Int>()
    let ended = asCompleted([future])
    let asking = createTask { try await first(of: ended) }
    try await sleep(.milliseconds(1))
    asking.cancel()
    future.setResult(1)
    #expect(try await first(of: ended) === future)
    _ = try? await asking.value
  }

  @Test func `what was only watched is forgotten with the iteration`() async throws {
    final class Watched: Sendable {}
    weak var watched: Watched?
    let service = Future<Watched>()
    do {
      let other = Future<Watched>()
      do {
        let object = Watched()
        watched = object
        other.setResult(object)
      }
      for try await future in asCompleted([service, other]) {
        #expect(future === other)
        break
      }
    }
    #expect(watched == nil)
    service.cancel()
  }
}

private func first<Handle>(of ended: CompletionSequence<Handle>) async throws -> Handle? {
  var iterator = ended.makeAsyncIterator()
  return try await iterator.next()
}
