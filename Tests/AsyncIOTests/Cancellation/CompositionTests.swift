// SPDX-License-Identifier: Apache-2.0
// Faults that users of other runtimes met where cancellations, time limits, groups and shields meet. Each is told as it
// was reported, with the behaviour here.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import Testing

private struct Failure: Error, Equatable {}

@Suite(.virtualTime) struct CompositionTests {
  /// python/cpython#86296: `wait_for` could return the result of a task that was done when the cancellation came, and
  /// the cancellation was never seen again.
  @Test func `a time limit does not hide a cancellation that comes with the result`() async throws {
    let log = Log()
    let gate = Future<Int>()
    let task = createTask {
      log.add(try await withTimeout(.seconds(10)) { try await shield(gate) })
      try await sleep(.seconds(1))
      log.add("went on")
    }
    try await sleep(.seconds(1))
    gate.setResult(7)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // The value had arrived and was kept; the cancellation is thrown by the next wait.
    #expect(log.entries == ["7"])
  }

  /// python/cpython#116720: a nested group swallowed a cancellation from outside when a task failed at that moment.
  @Test func `a nested scope does not swallow a cancellation that comes with an error`() async throws {
    let log = Log()
    let task = createTask {
      try await withTaskScope { outer in
        do {
          try await withTaskScope { inner in
            inner.createTask {
              do { try await sleep(.seconds(3600)) } catch { throw Failure() }
            }
            try await sleep(.seconds(3600))
          }
        } catch let group as ErrorGroup {
          log.add("inner: \(group.errors(of: Failure.self).count)")
        }
        try await sleep(.seconds(3600))
        log.add("went on")
      }
    }
    try await sleep(.seconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["inner: 1"])
  }

  /// python/cpython#155433: a group is cancelled just when its time runs out.
  @Test func `a scope that is cancelled when its time runs out ends once`() async throws {
    for cancelsFirst in [true, false] {
      let start = EventLoop.current.time
      let result: Void? = try await moveOnAfter(.seconds(1)) {
        try await withTaskScope { scope in
          scope.createTask { try await sleep(.seconds(3600)) }
          try await shield { try await sleep(.milliseconds(cancelsFirst ? 999 : 1000)) }
          scope.cancel()
          try await sleep(.seconds(3600))
        }
      }
      #expect((result != nil) == cancelsFirst)
      #expect(start.duration(to: EventLoop.current.time) == .milliseconds(cancelsFirst ? 999 : 1000))
    }
    #expect(!Task.isCancelled)
  }

  /// anyio's docs/why.rst: asyncio delivers a cancellation once, and code that catches it runs on for ever.
  @Test func `code that catches its cancellation meets it again`() async throws {
    let log = Log()
    let task = createTask {
      for round in 0..<5 {
        do { try await sleep(.seconds(1)) } catch { log.add("caught in round \(round)") }
      }
      try await sleep(.seconds(1))
    }
    try await sleep(.milliseconds(1500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == (1..<5).map { "caught in round \($0)" })
    #expect(EventLoop.current.time == EventLoop.Instant(nanoseconds: 1_500_000_000))
  }

  /// A cancellation stays, so a loop that catches it iterates without waiting. Other tasks must still make progress.
  @Test func `code that never ends of its cancellation keeps nobody else waiting`() async throws {
    let future = Future<Void>()
    let rounds = Mutex(0)
    let task = createTask {
      while !future.isDone {
        try? await sleep(.seconds(1))
        _ = try? await shield(future)
        let count = rounds.withLock { rounds in
          rounds += 1
          return rounds
        }
        try #require(count < 10_000)
      }
    }
    try await sleep(.milliseconds(1500))
    task.cancel()
    try await sleep(.zero)
    try await sleep(.zero)
    future.setResult(())
    try await task.value
  }

  /// anyio's docs/why.rst: a task that is cancelled before its first step never runs, so resources handed to it are
  /// never cleaned up.
  @Test func `a task that is cancelled before it starts can clean up`() async throws {
    let log = Log()
    let task = createTask {
      defer { log.add("cleaned up") }
      try await sleep(.seconds(1))
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["cleaned up"])
  }

  /// anyio's docs/why.rst: a cancellation that comes after the value loses the value.
  @Test func `a value that has arrived beats a cancellation`() async throws {
    let future = Future<String>()
    let task = createTask { try await shield(future) }
    try await sleep(.seconds(1))
    future.setResult("kept")
    task.cancel()
    #expect(try await task.value == "kept")
  }

  /// redis/redis-py#2624 and its consequences: clean-up behind a shield went on unawaited, on a connection that was
  /// reused.
  @Test func `nobody goes on before what is shielded has ended`() async throws {
    let log = Log()
    let task = createTask {
      defer { log.add("the task ends") }
      try await shield {
        try await sleep(.seconds(5))
        log.add("the shielded ends")
      }
      try Task.checkCancellation()
    }
    try await sleep(.seconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["the shielded ends", "the task ends"])
  }

  /// python/cpython#108951: groups could not be stopped.
  @Test func `a scope can be stopped from within one of its tasks`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      for name in ["a", "b"] {
        scope.createTask(name: name) {
          defer { log.add("\(name) ends") }
          try await sleep(.seconds(3600))
        }
      }
      scope.createTask {
        try await sleep(.seconds(1))
        scope.cancel("done")
      }
    }
    #expect(Set(log.entries) == ["a ends", "b ends"])
  }

  /// Kotlin/kotlinx.coroutines#1814, jd/tenacity#529: a catch of everything in a loop swallows the cancellation.
  @Test func `a loop that catches everything but its cancellation ends`() async throws {
    let log = Log()
    let task = createTask {
      while true {
        let result = try await catchingNonCancellation {
          try await sleep(.seconds(1))
          throw Failure()
        }
        if case .failure = result { log.add("failed") }
      }
    }
    try await sleep(.milliseconds(2500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["failed", "failed"])
  }

  /// Layers of limits and scopes, drawn at random, around one sleep, perhaps with a cancellation of everything. The
  /// first event decides the outcome.
  @Test(arguments: 0..<40 as Range<UInt64>) func `the first event decides what the layers end with`(
    seed: UInt64
  ) async throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<10 {
      var times = Array(1...6).shuffled(using: &random)
      let layers = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        Layer(kind: Layer.Kind.allCases.randomElement(using: &random)!, deadline: times.removeLast())
      }
      let sleepTime = times.removeLast()
      let cancelTime = Bool.random(using: &random) ? times.removeLast() : nil
      let task = createTask { try await run(layers[...], sleepTime) }
      if let cancelTime {
        createTask {
          try await sleep(.seconds(cancelTime))
          task.cancel("from outside")
        }
      }
      let outcome: Outcome
      do { outcome = try await task.value } catch is CancellationError { outcome = .cancelled }
      let expected = expectedOutcome(layers, sleepTime, cancelTime)
      #expect(outcome == expected, "\(layers) around \(sleepTime), cancelled at \(cancelTime ?? 0)")
      try await sleep(.seconds(10))
    }
    #expect(EventLoop.current.statistics.timers == 0)
  }
}

private struct Layer: Sendable {
  enum Kind: CaseIterable { case timeout, moveOn, taskScope, shield, none }

  let kind: Kind
  let deadline: Int
}

private enum Outcome: Sendable, Equatable {
  case slept, timedOut(Int), movedOn(Int), cancelled
}

/// Runs the layers from the outside in, and the sleep. An outcome other than a cancellation is passed outwards as a
/// value.
private func run(_ layers: ArraySlice<Layer>, _ seconds: Int) async throws -> Outcome {
  guard let layer = layers.first else {
    try await sleep(.seconds(seconds))
    return .slept
  }
  let inner = layers.dropFirst()
  switch layer.kind {
  case .timeout:
    do {
      return try await withTimeout(.seconds(layer.deadline)) { try await run(inner, seconds) }
    } catch is TimeoutError {
      return .timedOut(layer.deadline)
    }
  case .moveOn:
    return try await moveOnAfter(.seconds(layer.deadline)) { try await run(inner, seconds) } ?? .movedOn(layer.deadline)
  case .taskScope:
    return try await withTaskScope { scope in
      try await scope.createTask { try await run(inner, seconds) }.value
    }
  case .shield: return try await shield { try await run(inner, seconds) }
  case .none: return try await run(inner, seconds)
  }
}

private func expectedOutcome(_ layers: [Layer], _ seconds: Int, _ cancelTime: Int?) -> Outcome {
  // Events outside of the innermost shield don't reach the sleep.
  let shield = layers.lastIndex { $0.kind == .shield }
  let reaching = layers[(shield.map { $0 + 1 } ?? 0)...]
  var first = (time: seconds, outcome: Outcome.slept)
  for layer in reaching where layer.deadline < first.time {
    switch layer.kind {
    case .timeout: first = (layer.deadline, .timedOut(layer.deadline))
    case .moveOn: first = (layer.deadline, .movedOn(layer.deadline))
    default: break
    }
  }
  if shield == nil, let cancelTime, cancelTime < first.time { return .cancelled }
  return first.outcome
}
