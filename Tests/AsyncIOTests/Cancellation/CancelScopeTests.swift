// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {}

@Suite(.virtualTime) struct CancelScopeTests {
  @Test func `moving on returns nothing when the time is up`() async throws {
    let late: Int? = try await moveOnAfter(.seconds(1)) {
      try await sleep(.seconds(2))
      return 1
    }
    #expect(late == nil)
    #expect(try await moveOnAfter(.seconds(1)) { 2 } == 2)
    await #expect(throws: Failure.self) { try await moveOnAfter(.seconds(1)) { throw Failure() } }
  }

  @Test func `a scope swallows its own cancellation and no other`() async throws {
    let result: Int? = try await withCancelScope { scope in
      createTask {
        try await sleep(.seconds(1))
        scope.cancel("changed my mind")
      }
      do { try await sleep(.seconds(3600)) } catch {
        #expect(currentCancelReason == CancelReason(.requested, "changed my mind"))
        throw error
      }
      return 1
    }
    #expect(result == nil)

    let task = createTask { try await withCancelScope { _ in try await sleep(.seconds(3600)) } }
    try await sleep(.seconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }

  @Test func `an inner scope that is cancelled leaves the outer one alone`() async throws {
    let log = Log()
    let result: String? = try await withCancelScope { outer in
      let inner: String? = try await withCancelScope { inner in
        inner.cancel()
        try await sleep(.seconds(1))
        return "inner"
      }
      log.add(inner ?? "nothing")
      try await sleep(.seconds(1))
      #expect(!outer.isCancelled)
      return "outer"
    }
    #expect(result == "outer")
    #expect(log.entries == ["nothing"])
  }

  @Test func `a shielded body runs to its end although the task is cancelled`() async throws {
    let log = Log()
    let task = createTask {
      do { try await sleep(.seconds(3600)) } catch {
        let value = try await shield { () -> Int in
          try await sleep(.seconds(1))
          return 7
        }
        log.add(value)
        do { try await sleep(.seconds(1)) } catch { log.add("cancelled as before") }
        throw error
      }
    }
    try await sleep(.milliseconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["7", "cancelled as before"])
  }

  @Test func `a shield may have a limit of its own`() async throws {
    let error = await #expect(throws: TimeoutError.self) {
      try await shield(atMost: .seconds(2)) { try await sleep(.seconds(3600)) }
    }
    #expect(error?.description == "shield: out of time after 2.0 seconds")
    try await withTimeout(.seconds(1)) {
      #expect(currentDeadline != nil)
      try await shield { #expect(currentDeadline == nil) }
    }
  }

  @Test func `a shielded task goes on without the task that awaited it`() async throws {
    let task = createTask { () -> Int in
      try await sleep(.seconds(10))
      return 3
    }
    await #expect(throws: TimeoutError.self) { try await withTimeout(.seconds(1)) { try await shield(task) } }
    #expect(!task.isDone)
    #expect(try await shield(task) == 3)
    let future = Future<Int>()
    await #expect(throws: TimeoutError.self) { try await withTimeout(.seconds(1)) { try await shield(future) } }
    #expect(!future.isDone)
  }

  @Test func `catching what is not a cancellation lets cancellations pass`() async throws {
    let result = try await catchingNonCancellation { () -> Int in throw Failure() }
    #expect(throws: Failure.self) { try result.get() }
    let task = createTask {
      var rounds = 0
      while true {
        rounds += 1
        _ = try await catchingNonCancellation {
          do { try await sleep(.seconds(1)) } catch { throw Failure() }
        }
        try #require(rounds < 10)
      }
    }
    try await sleep(.milliseconds(1500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a task begins without the limits of its creator`() async throws {
    let task = try await withTimeout(.seconds(1)) {
      createTask { () -> Bool in
        let none = currentDeadline == nil
        try await sleep(.seconds(5))
        return none
      }
    }
    #expect(try await task.value)
  }

  @Test func `code in a scope sees that its caller was cancelled before`() async throws {
    let log = Log()
    let task = createTask {
      try? await sleep(.seconds(1))
      try await withTimeout(.seconds(5)) { log.add("withTimeout \(Task.isCancelled) \(currentCancelReason!)") }
      _ = try await withCancelScope { _ in
        try await withCancelScope { _ in log.add("withCancelScope \(Task.isCancelled)") }
      }
      try await withTaskScope { scope in
        log.add("withTaskScope \(Task.isCancelled)")
        scope.createTask(eagerStart: true) { log.add("its task \(Task.isCancelled)") }
      }
      try await shield { log.add("shield \(Task.isCancelled)") }
    }
    try await sleep(.milliseconds(1))
    task.cancel("enough")
    try await task.value
    #expect(
      log.entries == [
        "withTimeout true cancelled: enough", "withCancelScope true", "withTaskScope true", "its task true",
        "shield false",
      ])
  }

  @Test func `what is shielded comes to its end with all that it waits for when the loop ends`() async throws {
    let log = Log()
    try await withVirtualTime {
      createTask {
        try await shield {
          try await withTaskScope { scope in
            scope.createTask { try await sleep(.seconds(1)) }
          }
          log.add("task scope")
        }
      }
      createTask {
        try await shield {
          async let child: Void = sleep(.seconds(2))
          try await child
          log.add("async let")
        }
      }
      createTask {
        try await shield { try await withTimeout(.seconds(5)) { try await Task.sleep(for: .seconds(3)) } }
        log.add("Task.sleep")
      }
      Task {
        try? await Task.sleep(for: .seconds(3600))
        log.add("nothing shielded any more at \(EventLoop.current.time)")
      }
      try await sleep(.milliseconds(1))
    }
    #expect(
      log.entries == ["task scope", "async let", "Task.sleep", "nothing shielded any more at 3.0 seconds"])
  }
}
