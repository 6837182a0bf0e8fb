// SPDX-License-Identifier: Apache-2.0
// The cases are those of CPython's test_tasks.py: `test_wait` and related ones.

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {}

private func sleeper(_ seconds: Double, failing: Bool = false) -> TaskHandle<Double> {
  createTask {
    try await sleep(.milliseconds(Int(seconds * 1000)))
    if failing { throw Failure() }
    return seconds
  }
}

/// Expects that both lists have the same objects.
private func expect(
  _ waited: (done: [some AnyObject], pending: [some AnyObject]), done: [AnyObject], pending: [AnyObject],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(waited.done.map { ObjectIdentifier($0) } == done.map { ObjectIdentifier($0) }, sourceLocation: sourceLocation)
  #expect(
    waited.pending.map { ObjectIdentifier($0) } == pending.map { ObjectIdentifier($0) }, sourceLocation: sourceLocation)
}

private func now() -> Double { EventLoop.current.time.duration(to: .init(nanoseconds: 0)) / .seconds(-1) }

@Suite(.virtualTime) struct WaitTests {
  @Test func `returns when all have ended in the order in which they were given`() async throws {
    let (a, b) = (sleeper(0.1), sleeper(0.15))
    for _ in 0..<2 {
      // The second time it doesn't wait.
      let waited = try await wait([b, a])
      expect(waited, done: [b, a], pending: [])
      #expect(now() == 0.15)
    }
  }

  @Test func `what is given twice counts once`() async throws {
    let (a, b) = (sleeper(1), sleeper(2))
    let waited = try await wait([a, b, a])
    expect(waited, done: [a, b], pending: [])
  }

  @Test func `waiting for nothing is misuse`() async throws {
    let error = await #expect(throws: MisuseError.self) { try await wait([TaskHandle<Int>]()) }
    #expect(error?.description == "wait: there is nothing to wait for")
  }

  @Test func `returns when the first has ended`() async throws {
    let (a, b) = (sleeper(10), sleeper(0.1))
    let waited = try await wait([b, a], returnWhen: .firstCompleted)
    expect(waited, done: [b], pending: [a])
    #expect(now() == 0.1)
    #expect(!a.isDone)
  }

  @Test func `what has ended before the caller runs is done`() async throws {
    let (first, second) = (Future<Int>(), Future<Int>())
    createTask {
      try await sleep(.seconds(1))
      first.setResult(1)
      second.setResult(2)
    }
    let waited = try await wait([second, first], returnWhen: .firstCompleted)
    expect(waited, done: [second, first], pending: [])
  }

  @Test func `returns at once when enough has ended`() async throws {
    let (ended, other) = (Future<Int>(), Future<Int>())
    ended.setResult(1)
    let turns = EventLoop.current.statistics.turns
    let waited = try await wait([other, ended], returnWhen: .firstCompleted)
    expect(waited, done: [ended], pending: [other])
    #expect(EventLoop.current.statistics.turns == turns)
  }

  @Test func `returns when the first has failed before the wait`() async throws {
    let a = sleeper(10)
    let b = sleeper(0, failing: true)
    _ = try? await b.value
    let waited = try await wait([b, a], returnWhen: .firstException)
    expect(waited, done: [b], pending: [a])
    #expect(now() == 0)
  }

  @Test func `returns when the first fails during the wait`() async throws {
    let (a, b, c) = (sleeper(10), sleeper(0.01, failing: true), sleeper(0.005))
    let waited = try await wait([b, a, c], returnWhen: .firstException)
    expect(waited, done: [b, c], pending: [a])
    #expect(now() == 0.01)
    _ = b.result
  }

  @Test func `a cancellation is not a failure`() async throws {
    let (a, b) = (sleeper(1), sleeper(2))
    a.cancel()
    let waited = try await wait([b, a], returnWhen: .firstException)
    expect(waited, done: [b, a], pending: [])
    #expect(now() == 2)
  }

  @Test func `an error is not thrown and all are awaited`() async throws {
    let (a, b) = (sleeper(0.1), sleeper(0.15, failing: true))
    let (done, pending) = try await wait([b, a])
    #expect(done.count == 2 && pending.isEmpty)
    #expect(done.filter { $0.error is Failure }.allSatisfy { $0 === b })
    #expect(now() == 0.15)
  }

  @Test func `after the timeout the others are pending and go on`() async throws {
    let (a, b) = (sleeper(0.1), sleeper(0.15))
    let waited = try await wait([b, a], timeout: .milliseconds(110))
    expect(waited, done: [a], pending: [b])
    #expect(now() == 0.11)
    #expect(try await b.value == 0.15)
  }

  @Test func `what ends at the time of the timeout may be either`() async throws {
    let (a, b) = (sleeper(0.1), sleeper(0.15))
    let (done, pending) = try await wait([b, a], timeout: .milliseconds(100))
    #expect(done.isEmpty ? pending.count == 2 : done[0] === a && pending[0] === b)
    #expect(now() == 0.1)
  }

  @Test func `without time it tells what has ended`() async throws {
    let (a, b) = (sleeper(0.1), sleeper(0.15))
    try await sleep(.milliseconds(120))
    let waited = try await wait([b, a], timeout: .zero)
    expect(waited, done: [a], pending: [b])
    #expect(now() == 0.12)
  }

  @Test func `takes any sequence of tasks`() async throws {
    let (done, pending) = try await wait((0..<10).lazy.map { index in sleeper(Double(index)) })
    #expect(done.count == 10 && pending.isEmpty)
  }

  @Test func `takes tasks and futures of several types`() async throws {
    let future = Future<String>()
    let task = sleeper(1)
    let text = createTask {
      future.setResult("now")
      return "text"
    }
    let (done, pending) = try await wait([future, task, text], returnWhen: .firstCompleted)
    #expect(done.contains { $0 === future })
    #expect(pending.contains { $0 === task })
    let (all, none) = try await wait([task, text])
    #expect(all.map(\.isDone) == [true, true] && none.isEmpty)
  }

  @Test func `cancelling the task that waits leaves the tasks running`() async throws {
    let (a, b) = (sleeper(1), sleeper(2))
    let waiting = createTask { _ = try await wait([a, b]) }
    try await sleep(.milliseconds(500))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    #expect(now() == 0.5)
    #expect(try await a.value == 1)
    #expect(try await b.value == 2)
  }

  @Test func `waiting again and again leaves nothing at a task that runs on`() async throws {
    final class Watched: Sendable {}
    let service = Future<Void>()
    weak var watched: Watched?
    for number in 0..<100 {
      let object = Watched()
      watched = object
      let request = Future<Watched>()
      request.setResult(object)
      let (done, _) = try await wait([service, request], timeout: .milliseconds(number), returnWhen: .firstCompleted)
      #expect(done.count == 1)
    }
    #expect(watched == nil)
    // A callback that was not removed would be called now.
    service.setResult(())
  }

  @Test func `an error that only wait has seen reaches the exception handler`() async throws {
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.add(context.message.prefix { $0 != "(" }) }
    _ = try await wait([createTask(name: "unseen") { throw Failure() }])
    #expect(log.entries == ["task \"unseen\" failed, and nobody awaited it "])
  }
}
