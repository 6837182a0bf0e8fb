// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import AsyncIOCore

/// Yields until the condition holds, so that other tasks of the loop can make progress.
func turns(of loop: EventLoop, until condition: () -> Bool) async {
  while !condition() { await loop.yield() }
}

@Suite struct SleepTests {
  @Test(arguments: backends) func `sleepers wake in the order of their times`(backend: BackendKind) async throws {
    let order = try await onLoop(backend) { loop in
      let log = Log<Int>()
      await withTaskGroup(of: Void.self) { group in
        for index in [5, 2, 4, 1, 3] {
          group.addTask {
            try? await loop.sleep(.milliseconds(index))
            log.note(index)
          }
        }
      }
      return log.entries
    }
    #expect(order == [1, 2, 3, 4, 5])
  }

  @Test(arguments: backends) func `no sleep is shorter than asked for`(backend: BackendKind) async throws {
    try await onLoop(backend) { loop in
      for microseconds in [-1, 0, 1, 50, 500] {
        let start = loop.time
        try await loop.sleep(.microseconds(microseconds))
        #expect(start.duration(to: loop.time) >= .microseconds(microseconds))
      }
    }
  }

  @Test(arguments: backends) func `a sleep of zero lets every other ready task run once`(
    backend: BackendKind
  ) async throws {
    let order = try await onLoop(backend) { loop in
      let log = Log<String>()
      let others = ["a", "b"].map { name in
        Task {
          log.note(name)
          await loop.yield()
          log.note(name)
        }
      }
      try await loop.sleep(.zero)
      log.note("main")
      for other in others { await other.value }
      return log.entries
    }
    #expect(order.prefix(3) == ["a", "b", "main"])
    #expect(order.count == 5)
  }

  @Test(arguments: backends) func `a sleeper that is cancelled on the loop throws, and its timer is gone`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      let before = loop.statistics.timers
      let task = Task { try await loop.sleep(.seconds(3600)) }
      await turns(of: loop) { loop.statistics.timers == before + 1 }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(loop.statistics.timers == before)
      #expect(loop.statistics.waiting == 0)
    }
  }

  @Test(arguments: backends) func `a sleeper that another thread cancels throws`(backend: BackendKind) async throws {
    try await withLoop(backend) { loop in
      try await onThread {
        for _ in 0..<2000 { #expect(sleepAndCancel(.seconds(3600), after: 0, on: loop) == .cancelled) }
      }
      let (waiting, timers): (Int, Int) = await loop.callbacks { loop, finish in
        finish((loop.statistics.waiting, loop.statistics.timers))
      }
      #expect(waiting == 0)
      #expect(timers == 0)
    }
  }

  @Test(arguments: backends) func `when another thread's cancellation races with the timer there is one outcome`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      try await onThread {
        var random = SeededRandom(seed: 11)
        for _ in 0..<3000 {
          let duration = Duration.microseconds(Int.random(in: 1..<80, using: &random))
          _ = sleepAndCancel(duration, after: Int.random(in: 0..<20_000, using: &random), on: loop)
        }
      }
      let (waiting, timers): (Int, Int) = await loop.callbacks { loop, finish in
        finish((loop.statistics.waiting, loop.statistics.timers))
      }
      #expect(waiting == 0)
      #expect(timers == 0)
    }
  }

  @Test(arguments: backends) func `a task that is cancelled already does not sleep at all`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      for duration in [Duration.seconds(3600), .zero] {
        let operations = loop.statistics.timers
        let task = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          let turns = loop.statistics.turns
          await #expect(throws: CancellationError.self) { try await loop.sleep(duration) }
          #expect(loop.statistics.turns == turns)
        }
        await task.value
        #expect(loop.statistics.timers == operations)
      }
    }
  }

  @Test(arguments: backends) func `Task.sleep waits on the loop's timers`(backend: BackendKind) async throws {
    try await onLoop(backend) { loop in
      let before = loop.statistics.timers
      let task = Task { try await Task.sleep(for: .seconds(3600)) }
      await turns(of: loop) { loop.statistics.timers == before + 1 }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      let start = loop.time
      try await Task.sleep(for: .milliseconds(1))
      #expect(start.duration(to: loop.time) >= .microseconds(900))
      #expect(loop.isCurrent)
    }
  }

  @Test(arguments: backends) func `a Task.sleep that was cancelled holds up neither the loop's end nor anything else`(
    backend: BackendKind
  ) async throws {
    let thread = try makeLoop(backend)
    let loop = thread.loop
    let task = Task(executorPreference: loop.taskExecutor) {
      // Many, so that their tasks' memory is reused before the loop ends.
      for _ in 0..<100 {
        let sleeper = Task { try await Task.sleep(for: .seconds(3600)) }
        await loop.yield()
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
      }
      try await Task.sleep(for: .seconds(3600))
    }
    while await loop.callbacks({ loop, finish in finish(loop.statistics.timers) }) < 101 {}
    let waiting: Int = await loop.callbacks { loop, finish in
      loop.setExceptionHandler { _, context in Issue.record("\(context)") }
      finish(loop.waitingTasks().count)
    }
    #expect(waiting == 1)
    await thread.end()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

private enum Outcome {
  case slept, cancelled
}

private final class Outcomes: Sendable {
  let all = Mutex<[Outcome]>([])
}

/// The outcome of a sleep on the loop, which this thread cancels after so many empty iterations.
private func sleepAndCancel(_ duration: Duration, after rounds: Int, on loop: EventLoop) -> Outcome {
  let outcome = Outcomes()
  let (started, ended) = (ThreadLatch(), ThreadLatch())
  let task = Task(executorPreference: loop.taskExecutor) {
    started.open()
    do {
      try await loop.sleep(duration)
      outcome.all.withLock { $0.append(.slept) }
    } catch {
      outcome.all.withLock { $0.append(.cancelled) }
    }
    ended.open()
  }
  started.wait()
  for _ in 0..<rounds { doNothing() }
  task.cancel()
  ended.wait()
  let outcomes = outcome.all.withLock { $0 }
  #expect(outcomes.count == 1)
  return outcomes[0]
}

@inline(never) private func doNothing() {}
