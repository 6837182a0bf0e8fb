// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

@Suite(.virtualTime) struct GatherTests {
  @Test func `values come in the order of the elements whatever the order in which bodies end`() async throws {
    let values = try await gather([3, 1, 2]) { number in
      try await sleep(.seconds(number))
      return number * 10
    }
    #expect(values == [30, 10, 20])
    #expect(EventLoop.current.time == .init(nanoseconds: 3_000_000_000))
  }

  @Test func `without elements there are no values`() async throws {
    #expect(try await gather([Int]()) { $0 } == [])
    #expect(try await gatherResults([Int]()) { $0 }.isEmpty)
  }

  @Test func `bodies start in order and each runs to its first suspension before the next`() async throws {
    let log = Log()
    try await gather(0..<3) { number in
      log.add("\(number) starts")
      try await lockAndUnlock()
      log.add("\(number) waits")
      try await sleep(.zero)
    }.ignore()
    #expect(log.entries == ["0 starts", "0 waits", "1 starts", "1 waits", "2 starts", "2 waits"])
  }

  @Test func `bodies start in the next turn behind what was ready before`() async throws {
    try await withEventLoop {
      let log = Log()
      let loop = EventLoop.current
      loop.callSoon { log.add("before") }
      let gathering = createTask {
        loop.callSoon { log.add("from the caller") }
        _ = try await gather(0..<2) { log.add($0) }
      }
      try await gathering.value
      #expect(log.entries == ["before", "from the caller", "0", "1"])
    }
  }

  @Test func `no more than the limit run at once and in their order`() async throws {
    let log = Log()
    var running = 0
    var most = 0
    let values = try await gather(0..<20, limit: 3) { number in
      log.add(number)
      running += 1
      most = max(most, running)
      try await sleep(.milliseconds(7 * number % 5))
      running -= 1
      return number
    }
    #expect(values == Array(0..<20))
    #expect(most == 3)
    #expect(log.entries == (0..<20).map(String.init))
  }

  @Test func `a limit below one is misuse`() async throws {
    let error = await #expect(throws: MisuseError.self) { try await gather([1], limit: 0) { $0 } }
    #expect(error?.description == "gather: limit is 0; it must be 1 or more")
  }

  @Test func `without a limit all run at once`() async throws {
    var running = 0
    _ = try await gather(0..<1000) { _ in
      running += 1
      try await sleep(.seconds(1))
      #expect(running == 1000)
    }
  }

  @Test func `many bodies that do not suspend let others run in between`() async throws {
    let log = Log()
    let ticker = createTask {
      while true {
        log.add("tick")
        try await sleep(.zero)
      }
    }
    try await sleep(.zero)
    #expect(try await gather(0..<1000) { $0 }.count == 1000)
    #expect(log.entries.count > 10)
    ticker.cancel()
  }

  @Test func `bodies of which some suspend are all started in their order`() async throws {
    let log = Log()
    let values = try await gather(0..<500) { number in
      log.add(number)
      if number % 7 == 0 { try await sleep(.milliseconds(number % 3)) }
      if number % 11 == 0 { try await sleep(.zero) }
      return number
    }
    #expect(values == Array(0..<500))
    #expect(log.entries == (0..<500).map(String.init))
  }

  // MARK: - Errors

  @Test func `the first error cancels the others waits for them and is thrown`() async throws {
    let log = Log()
    await #expect(throws: Failure(number: 1)) {
      try await gather(0..<3) { number in
        if number == 1 {
          try await sleep(.seconds(1))
          throw Failure(number: 1)
        }
        do { try await sleep(.seconds(3600)) } catch {
          log.add("\(number) \(currentCancelReason!.kind)")
          try await shield { try await sleep(.seconds(number + 1)) }
          log.add("\(number) cleaned up")
          throw Failure(number: 2)
        }
      }
    }
    #expect(Set(log.entries.prefix(2)) == ["0 siblingFailed", "2 siblingFailed"])
    #expect(log.entries.suffix(2) == ["0 cleaned up", "2 cleaned up"])
    #expect(EventLoop.current.time == .init(nanoseconds: 4_000_000_000))
  }

  @Test func `the reason says which task failed`() async throws {
    let log = Log()
    await #expect(throws: Failure.self) {
      try await gather(
        {
          currentTask?.name = "culprit"
          throw Failure()
        },
        {
          do { try await sleep(.seconds(1)) } catch { log.add(currentCancelReason!) }
        })
    }
    // The second body either never starts, or is told the reason.
    #expect(log.entries == [] || log.entries == ["another task of the group failed: task \"culprit\""])
  }

  @Test func `the first error in time is thrown not the first in order`() async throws {
    await #expect(throws: Failure(number: 2)) {
      try await gather(0..<3) { number in
        try? await sleep(.seconds(3 - number))
        throw Failure(number: number)
      }
    }
  }

  @Test func `after an error nothing more starts`() async throws {
    let log = Log()
    await #expect(throws: Failure.self) {
      try await gather(0..<10, limit: 2) { number in
        log.add(number)
        try await sleep(.seconds(1))
        if number == 1 { throw Failure() }
      }
    }
    #expect(log.entries.count <= 3)
  }

  @Test func `a body that is cancelled by itself fails like any other`() async throws {
    await #expect(throws: CancellationError.self) {
      try await gather(0..<3) { number in
        if number == 0 { currentTask?.cancel("by itself") }
        try await sleep(.seconds(1))
      }
    }
    #expect(!Task.isCancelled)
  }

  // MARK: - Cancellation

  @Test func `cancelling the caller cancels all and waits for them`() async throws {
    let log = Log()
    let task = createTask {
      _ = try await gather(0..<3) { number in
        do { try await sleep(.seconds(3600)) } catch {
          log.add("\(number): \(currentCancelReason!)")
          try await shield { try await sleep(.seconds(1)) }
          throw error
        }
      }
    }
    try await sleep(.seconds(1))
    task.cancel("enough")
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(Set(log.entries) == Set((0..<3).map { "\($0): cancelled: enough" }))
    #expect(EventLoop.current.time == .init(nanoseconds: 2_000_000_000))
  }

  @Test func `the cancellation reaches bodies at once`() async throws {
    let ready = Log()
    let task = createTask {
      try await gather(0..<2) { number -> Bool in
        try await sleep(.seconds(1))
        ready.add(number)
        return Task.isCancelled
      }
    }
    try await sleep(.milliseconds(1))
    #expect(ready.entries.isEmpty)
    // The timers fire, and the caller is cancelled before any of their effects runs.
    EventLoop.current.callAt(.init(nanoseconds: 1_000_000_000)) { task.cancel() }
    _ = try? await task.value
  }

  @Test func `bodies that have not started never do`() async throws {
    let log = Log()
    let task = createTask {
      _ = try await gather(0..<100, limit: 2) { number in
        log.add(number)
        try await sleep(.seconds(1))
      }
    }
    try await sleep(.milliseconds(2500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries.count == 6)
  }

  @Test func `a caller that is cancelled already starts nothing`() async throws {
    let log = Log()
    let task = createTask {
      currentTask?.cancel()
      return try await gather(0..<3) { log.add($0) }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries.isEmpty)
  }

  @Test func `values that all bodies return despite the cancellation are returned`() async throws {
    let task = createTask {
      try await gather(0..<3) { number in
        try? await sleep(.seconds(1))
        return number
      }
    }
    try await sleep(.milliseconds(1))
    task.cancel()
    #expect(try await task.value == [0, 1, 2])
  }

  @Test func `a time limit around it ends it`() async throws {
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) {
        try await gather(0..<3) { _ in
          #expect(currentDeadline == .init(nanoseconds: 1_000_000_000))
          try await sleep(.seconds(3600))
        }.ignore()
      }
    }
    #expect(EventLoop.current.time == .init(nanoseconds: 1_000_000_000))
  }

  @Test func `a time limit within a body is its own`() async throws {
    let values = try await gather([1, 5, 2]) { seconds in
      try await moveOnAfter(.seconds(3)) {
        try await sleep(.seconds(seconds))
        return seconds
      }
    }
    #expect(values == [1, nil, 2])
  }

  @Test func `a body whose Swift task was cancelled does not pass that on`() async throws {
    let values = try await gather(0..<200, limit: 1) { number in
      if number % 50 == 0 { withUnsafeCurrentTask { $0?.cancel() } }
      if number % 3 == 0 { try? await sleep(.milliseconds(1)) }
      return Task.isCancelled
    }
    #expect(values == (0..<200).map { $0 % 50 == 0 })
  }

  @Test func `at the end of the loop bodies are cancelled and shielded ones come to their end`() async throws {
    let log = Log()
    try await withEventLoop {
      createTask {
        try await shield {
          try await gather(["shielded 1", "shielded 2"]) { text in
            try await sleep(.milliseconds(20))
            log.add(text)
          }.ignore()
        }
      }
      createTask {
        try await gather(["open"]) { text in
          do { try await sleep(.seconds(3600)) } catch { log.add("\(text): \(currentCancelReason!)") }
        }.ignore()
      }
      try await sleep(.milliseconds(1))
    }
    #expect(log.entries == ["open: the loop ended", "shielded 1", "shielded 2"])
  }

  // MARK: - Tasks

  @Test func `each body is a task of its own with the caller's values`() async throws {
    let caller = createTask(name: "caller") {
      let names = try await Marker.$value.withValue(7) {
        try await gather(0..<3) { number in
          #expect(Marker.value == 7)
          let task = currentTask!
          #expect(task === currentTask)
          #expect(task.createdAt.hasPrefix("AsyncIOTests/GatherTests.swift:"))
          if number == 1 { try await sleep(.seconds(1)) }
          return task.name
        }
      }
      #expect(Set(names).count == 3)
      #expect(!names.contains("caller"))
    }
    try await caller.value
  }

  @Test func `bodies are among all tasks while they run`() async throws {
    let before = allTasks.count
    let gathering = createTask(name: "gathering") { _ = try await gather([1, 2, 3]) { try await sleep(.seconds($0)) } }
    try await sleep(.milliseconds(1500))
    let tasks = allTasks.dropFirst(before)
    #expect(tasks.count == 3)
    #expect(tasks.map(\.name)[0] == "gathering")
    #expect(tasks.map(\.id) == tasks.map(\.id).sorted())
    #expect(tasks.map(\.waitsFor) == ["gather 3 bodies, of which 1 have ended", "sleep", "sleep"])
    let ended = Log()
    tasks.last!.addDoneCallback { ended.add($0.isCancelled) }
    tasks.last!.cancel("not needed")
    await #expect(throws: CancellationError.self) { try await gathering.value }
    #expect(tasks.allSatisfy { $0.isDone })
    #expect(tasks.last!.cancelReason == CancelReason(.requested, "not needed"))
    try await sleep(.milliseconds(1))
    #expect(ended.entries == ["true"])
    #expect(allTasks.count == before)
  }

  @Test func `a task that somebody keeps is not taken for the next body`() async throws {
    let tasks = try await gather(0..<100) { number in number % 10 == 0 ? currentTask : nil }
    let kept = tasks.compactMap { $0 }
    #expect(Set(kept.map(\.id)).count == 10)
    #expect(kept.allSatisfy { $0.isDone && !$0.isCancelled && !$0.cancel() })
  }

  @Test func `what a body borrows is its own even if the next one runs in its place`() async throws {
    let limiter = CapacityLimiter(10)
    try await gather(0..<10) { _ in try await limiter.acquire() }.ignore()
    #expect(limiter.borrowed == 10)
    let others = CapacityLimiter(1)
    try await gather(0..<10, limit: 3) { number in
      try await others.acquire()
      // A scope's code belongs to the task around it.
      try await withTimeout(.seconds(1)) {
        if number % 2 == 0 { try await sleep(.zero) }
        others.release()
      }
    }.ignore()
    #expect(others.borrowed == 0)
  }

  @Test func `gatherings nest`() async throws {
    let values = try await gather(0..<4) { outer in
      try await gather(0..<4, limit: 2) { inner in
        try await sleep(.milliseconds(outer + inner))
        return outer * 10 + inner
      }
    }
    #expect(values == (0..<4).map { outer in (0..<4).map { outer * 10 + $0 } })
  }
}

/// An async function that may suspend but does not.
private func lockAndUnlock() async throws {
  let lock = Lock()
  try await lock.withLock {}
}

extension Array<Void> {
  func ignore() {}
}
