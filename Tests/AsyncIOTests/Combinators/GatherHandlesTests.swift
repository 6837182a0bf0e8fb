// SPDX-License-Identifier: Apache-2.0
// The cases are those of CPython's test_tasks.py: `FutureGatherTests`, `CoroutineGatherTests`, `test_cancel_gather_1`.

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

private func futures(_ count: Int) -> [Future<Int>] { (0..<count).map { _ in Future<Int>() } }

private let aLittle = Duration.milliseconds(1)

@Suite(.virtualTime) struct GatherHandlesTests {
  @Test func `returns the values in the order of the tasks when all have ended`() async throws {
    let all = futures(3)
    let gathering = createTask { try await gather(all) }
    all[1].setResult(1)
    all[0].setResult(2)
    try await sleep(aLittle)
    #expect(!gathering.isDone)
    all[2].setResult(3)
    #expect(try await gathering.value == [2, 1, 3])
  }

  @Test func `no tasks have no values`() async throws {
    #expect(try await gather([Future<Int>]()) == [])
    #expect(try await gatherResults([Future<Int>]()).isEmpty)
  }

  @Test func `several types return a tuple`() async throws {
    let text = createTask {
      try await sleep(.seconds(1))
      return "text"
    }
    let future = Future<Int>()
    EventLoop.current.callLater(.seconds(2)) { future.setResult(5) }
    let (first, second) = try await gather(text, future)
    #expect(first == "text" && second == 5)
  }

  @Test func `those that have ended need no turn`() async throws {
    let (first, second) = (Future<Int>(), Future<Int>())
    first.setResult(1)
    second.setResult(2)
    let turns = EventLoop.current.statistics.turns
    #expect(try await gather(first, second) == (1, 2))
    #expect(EventLoop.current.statistics.turns == turns)
  }

  @Test func `the first error is thrown at once and the others run on`() async throws {
    let all = futures(5)
    let gathering = createTask { try await gather(all) }
    try await sleep(aLittle)
    all[0].setResult(1)
    all[1].setException(Failure(number: 1))
    await #expect(throws: Failure(number: 1)) { try await gathering.value }
    #expect(!all[2].isDone && !all[3].isDone)
    all[2].setResult(3)
    all[3].cancel()
    all[4].setException(Failure(number: 4))
  }

  @Test func `an error that was there before is thrown`() async throws {
    let all = futures(3)
    all[2].setException(Failure(number: 2))
    all[1].setException(Failure(number: 1))
    await #expect(throws: Failure(number: 1)) { try await gather(all) }
    #expect(!all[0].isDone)
  }

  @Test func `the errors of the others count as seen`() async throws {
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.add(context.message) }
    await #expect(throws: Failure(number: 1)) {
      try await gather(
        (1...3).map { number in
          createTask {
            try await sleep(.seconds(number))
            throw Failure(number: number)
          }
        })
    }
    try await sleep(.seconds(5))
    #expect(log.entries == [])
  }

  @Test func `a task that is cancelled by others is an error and no cancellation`() async throws {
    let all = futures(3)
    let gathering = createTask {
      do {
        _ = try await gather(all)
      } catch {
        #expect(error is CancellationError && !Task.isCancelled)
        throw Failure()
      }
    }
    try await sleep(aLittle)
    all[1].cancel()
    await #expect(throws: Failure.self) { try await gathering.value }
    #expect(!all[0].isDone && !all[2].isDone)
  }

  @Test func `one that is given several times is awaited once`() async throws {
    let (abc, def) = (createTask { "abc" }, createTask { "def" })
    #expect(try await gather([abc, abc, def, abc]) == ["abc", "abc", "def", "abc"])
    #expect(try await gather(abc, def, abc) == ("abc", "def", "abc"))
  }

  // MARK: - Results

  @Test func `results tell how each ended`() async throws {
    let all = futures(6)
    let gathering = createTask { try await gatherResults(all) }
    all[0].setResult(1)
    all[1].setException(Failure(number: 1))
    all[2].cancel()
    try await sleep(aLittle)
    #expect(!gathering.isDone)
    all[3].setResult(3)
    all[4].cancel()
    all[5].setException(Failure(number: 5))
    let results = try await gathering.value
    #expect(try results[0].get() == 1)
    #expect(throws: Failure(number: 1)) { try results[1].get() }
    #expect(throws: CancellationError.self) { try results[2].get() }
    #expect(try results[3].get() == 3)
    #expect(throws: CancellationError.self) { try results[4].get() }
    #expect(throws: Failure(number: 5)) { try results[5].get() }
  }

  @Test func `results of several types are a tuple`() async throws {
    let (text, number) = try await gatherResults(createTask { "text" }, createTask { () -> Int in throw Failure() })
    #expect(try text.get() == "text")
    #expect(throws: Failure.self) { try number.get() }
  }

  // MARK: - Cancellation

  @Test func `cancelling the caller cancels all`() async throws {
    let log = Log()
    let waited = Future<Int>()
    let tasks = (0..<2).map { number in
      createTask {
        do { return try await waited.value } catch {
          log.add("\(number) \(currentCancelReason!.kind)")
          throw error
        }
      }
    }
    let gathering = createTask {
      _ = try await gather(tasks)
      log.add("never")
    }
    try await sleep(aLittle)
    #expect(gathering.cancel())
    await #expect(throws: CancellationError.self) { try await gathering.value }
    try await sleep(aLittle)
    #expect(waited.isCancelled && tasks.allSatisfy { $0.isCancelled })
    #expect(Set(log.entries) == ["0 awaiterCancelled", "1 awaiterCancelled"])
  }

  @Test func `a cancelled gather ends with the first that ends by it`() async throws {
    let slow = createTask {
      do { try await sleep(.seconds(10)) } catch {
        try await shield { try await sleep(.seconds(5)) }
        throw error
      }
    }
    let quick = createTask { try await sleep(.seconds(10)) }
    let gathering = createTask { _ = try await gather(slow, quick) }
    try await sleep(.seconds(1))
    gathering.cancel()
    await #expect(throws: CancellationError.self) { try await gathering.value }
    #expect(quick.isCancelled && !slow.isDone)
    #expect(EventLoop.current.time == .init(nanoseconds: 1_000_000_000))
    _ = try? await slow.value
  }

  @Test func `a cancelled gather of results waits for all`() async throws {
    let slow = createTask {
      do { try await sleep(.seconds(10)) } catch {
        try await shield { try await sleep(.seconds(5)) }
        throw error
      }
    }
    let quick = createTask { try await sleep(.seconds(10)) }
    let gathering = createTask { _ = try await gatherResults(slow, quick) }
    try await sleep(.seconds(1))
    gathering.cancel()
    await #expect(throws: CancellationError.self) { try await gathering.value }
    #expect(quick.isCancelled && slow.isCancelled)
  }

  @Test func `whatever the tasks make of it a cancelled gather is cancelled`() async throws {
    let stubborn = createTask {
      try? await sleep(.seconds(10))
      return 5
    }
    let gathering = createTask { _ = try await gather([stubborn]) }
    try await sleep(aLittle)
    gathering.cancel()
    await #expect(throws: CancellationError.self) { try await gathering.value }
    #expect(try await stubborn.value == 5)
  }

  @Test func `a gather whose tasks have all ended is not cancelled any more`() async throws {
    let future = Future<Int>()
    let gathering = createTask { try await gather([future]) }
    try await sleep(aLittle)
    future.setResult(42)
    gathering.cancel()
    #expect(try await gathering.value == [42])
  }

  @Test func `shielded tasks survive a cancelled gather`() async throws {
    let children = futures(2)
    let gathering = createTask {
      _ = try await gather({ try await shield(children[0]) }, { try await shield(children[1]) })
    }
    try await sleep(aLittle)
    gathering.cancel()
    await #expect(throws: CancellationError.self) { try await gathering.value }
    #expect(children.allSatisfy { !$0.isDone })
    let parent = createTask { try await gather(children) }
    let outer = createTask { try await shield(parent) }
    try await sleep(aLittle)
    outer.cancel()
    await #expect(throws: CancellationError.self) { try await outer.value }
    children[0].setResult(1)
    children[1].setResult(2)
    #expect(try await parent.value == [1, 2])
  }

  @Test func `a task that gathers itself is told so`() async throws {
    let found = Future<TaskHandle<Void>>()
    let task = createTask(name: "snake") { _ = try await gather([try await found.value]) }
    found.setResult(task)
    let error = await #expect(throws: MisuseError.self) { try await task.value }
    #expect(error?.description == "gather: task \"snake\" awaits itself")
  }
}
