// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

@Suite(.virtualTime) struct TaskHandleTests {
  @Test func `a task gives its value to everyone who awaits it`() async throws {
    let task = createTask { () -> Int in
      try await sleep(.seconds(1))
      return 42
    }
    let others = (0..<3).map { _ in Task { try await task.value } }
    #expect(!task.isDone)
    #expect(task.result == nil)
    #expect(try await task.value == 42)
    for other in others { #expect(try await other.value == 42) }
    #expect(task.isDone && !task.isCancelled)
    #expect(try task.result?.get() == 42)
  }

  @Test func `a task throws what its body threw`() async throws {
    let task = createTask { throw Failure(number: 7) }
    await #expect(throws: Failure(number: 7)) { try await task.value }
    await #expect(throws: Failure(number: 7)) { try await task.value }
    #expect(task.isDone && !task.isCancelled)
  }

  @Test func `a cancelled task throws and knows why`() async throws {
    let seen = Mutex<CancelReason?>(nil)
    let task = createTask {
      do { try await sleep(.seconds(3600)) } catch {
        seen.withLock { $0 = currentCancelReason }
        throw error
      }
    }
    try await sleep(.seconds(1))
    #expect(task.waitsFor == "sleep")
    #expect(task.cancel("enough"))
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(task.isCancelled)
    #expect(seen.withLock { $0 } == CancelReason(.requested, "enough"))
    #expect(task.cancelReason == CancelReason(.requested, "enough"))
    #expect(!task.cancel("too late"))
  }

  @Test func `the first reason stands`() async throws {
    let task = createTask { try await sleep(.seconds(1)) }
    task.cancel("first")
    task.cancel("second")
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(task.cancelReason?.message == "first")
  }

  @Test func `a task that refuses its cancellation returns its value`() async throws {
    let task = createTask { () -> String in
      try? await sleep(.seconds(1))
      return "done anyway"
    }
    try await sleep(.milliseconds(1))
    task.cancel()
    #expect(try await task.value == "done anyway")
    #expect(!task.isCancelled)
  }

  @Test func `cancelling the task that awaits a task cancels the task and waits for it`() async throws {
    let log = Log()
    let inner = createTask {
      do { try await sleep(.seconds(3600)) } catch {
        log.add("inner \(currentCancelReason!.kind)")
        try? await Task { try await sleep(.seconds(1)) }.value
        log.add("inner cleaned up")
        throw error
      }
    }
    let outer = createTask {
      do { try await inner.value } catch {
        log.add("outer")
        throw error
      }
    }
    try await sleep(.milliseconds(1))
    outer.cancel("why not")
    await #expect(throws: CancellationError.self) { try await outer.value }
    #expect(log.entries == ["inner awaiterCancelled", "inner cleaned up", "outer"])
    #expect(inner.isCancelled && outer.isCancelled)
  }

  @Test func `clean-up that awaits another task cancels it unless it is shielded`() async throws {
    for isShielded in [false, true] {
      let upload = createTask {
        try await sleep(.seconds(1))
        return "sent"
      }
      let task = createTask {
        do {
          try await sleep(.seconds(3600))
          return "never"
        } catch {
          return isShielded ? try await shield { try await upload.value } : try await upload.value
        }
      }
      try await sleep(.zero)
      task.cancel()
      if isShielded {
        #expect(try await task.value == "sent")
      } else {
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(upload.isCancelled)
      }
    }
  }

  @Test func `a task that awaits itself is told so`() async throws {
    let ways: [@Sendable (TaskHandle<Void>) async throws -> Void] = [
      { try await $0.value },
      { try await shield($0) },
      { task in try await withTimeout(.seconds(5)) { try await task.value } },
      { task in try await shield { try await withTimeout(.seconds(5)) { try await task.value } } },
    ]
    for way in ways {
      let itself = Future<TaskHandle<Void>>()
      let task = createTask(name: "snake") { try await way(itself.value) }
      itself.setResult(task)
      let error = await #expect(throws: MisuseError.self) { try await task.value }
      #expect(error?.description == "TaskHandle.value: task \"snake\" awaits itself")
    }
  }

  @Test func `an error that nobody awaits reaches the exception handler`() async throws {
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.add(context.message.prefix { $0 != "(" }) }
    createTask(name: "lonely") { throw Failure() }
    try await sleep(.milliseconds(1))
    #expect(log.entries == ["task \"lonely\" failed, and nobody awaited it "])
    let watched = createTask { throw Failure() }
    try? await watched.value
    createTask { try await sleep(.seconds(1)) }.cancel()
    try await sleep(.milliseconds(1))
    #expect(log.entries.count == 1)
  }

  @Test func `an eager task runs to its first wait within the call`() async throws {
    let log = Log()
    let eager = createTask(eagerStart: true) {
      log.add("eager")
      try await sleep(.zero)
      log.add("eager goes on")
    }
    log.add("creator")
    try await eager.value
    #expect(log.entries == ["eager", "creator", "eager goes on"])
    let done = createTask(eagerStart: true) { 1 }
    #expect(done.isDone)
  }

  @Test func `all tasks are those that have not ended`() async throws {
    let names = { allTasks.map(\.name).filter { $0 != Test.current?.name } }
    let first = createTask(name: "first") { try await sleep(.seconds(1)) }
    let second = createTask(name: "second") { try await sleep(.seconds(2)) }
    #expect(names() == ["first", "second"])
    try await first.value
    #expect(names() == ["second"])
    second.name = "renamed"
    #expect(names() == ["renamed"])
    second.cancel()
    _ = try? await second.value
    #expect(names().isEmpty)
  }

  @Test func `the current task is the one that the code belongs to`() async throws {
    let task = createTask(name: "me") { () -> [String?] in
      let inTask = currentTask?.name
      async let inChild = currentTask?.name
      return [inTask, await inChild]
    }
    #expect(try await task.value == ["me", "me"])
    #expect(task.createdAt.hasPrefix("AsyncIOTests/TaskHandleTests.swift:"))
  }

  @Test func `callbacks come in their order after the end with the values of their place`() async throws {
    let log = Log()
    let task = createTask { log.add("body") }
    for number in 0..<3 {
      Marker.$value.withValue(number) {
        task.addDoneCallback { task in log.add("callback \(Marker.value) \(task.isDone)") }
      }
    }
    try await task.value
    try await sleep(.milliseconds(1))
    #expect(Set(log.entries) == ["body", "callback 0 true", "callback 1 true", "callback 2 true"])
    task.addDoneCallback { _ in log.add("late") }
    #expect(log.entries.count == 4)
    try await sleep(.milliseconds(1))
    #expect(log.entries.last == "late")
  }

  @Test func `awaiting what has ended keeps nobody else waiting`() async throws {
    let done = createTask(eagerStart: true) { 1 }
    let settled = Future<Int>()
    settled.setResult(1)
    let waits: [@Sendable () async throws -> Int] = [
      { try await done.value }, { try await shield(done) }, { try await settled.value }, { try await shield(settled) },
    ]
    for wait in waits {
      let other = createTask(eagerStart: true) { try await sleep(.zero) }
      var rounds = 0
      while !other.isDone {
        rounds += try await wait()
        try #require(rounds < 1000)
      }
    }
  }
}

/// Outside of virtual time: a loop that waits idly for another process would be taken for stuck.
@Suite struct TaskHandleProcessTests {
  @Test func `an error is not lost with the loop`() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      var kept: [AnyObject] = []
      kept += try await withEventLoop { () -> [any Sendable & AnyObject] in
        let future = Future<Int>()
        future.setException(Failure(number: 1))
        let task = createTask(name: "kept", eagerStart: true) { throw Failure(number: 2) }
        return [future, task]
      }
      kept = []
    }
    let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
    #expect(text.contains("asyncio: a future was settled with an error that nobody awaited: Failure(number: 1)\n"))
    #expect(text.contains("asyncio: task \"kept\" failed, and nobody awaited it (created at "))
  }
}

enum Marker {
  @TaskLocal static var value = -1
}
