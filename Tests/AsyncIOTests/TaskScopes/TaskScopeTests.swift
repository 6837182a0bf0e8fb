// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

@Suite(.virtualTime) struct TaskScopeTests {
  @Test func `it returns when every task has ended`() async throws {
    let start = EventLoop.current.time
    let handles = try await withTaskScope { scope in
      let handles = (1...3).map { number in
        scope.createTask {
          try await sleep(.seconds(number))
          return number
        }
      }
      #expect(scope.tasks.count == 3)
      return handles
    }
    #expect(start.duration(to: EventLoop.current.time) == .seconds(3))
    #expect(handles.filter { !$0.isDone }.isEmpty)
    let values = try handles.map { try $0.result!.get() }
    #expect(values == [1, 2, 3])
  }

  @Test func `the errors of all tasks are thrown together`() async throws {
    let log = Log()
    let error = await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        scope.createTask {
          try await sleep(.seconds(1))
          throw Failure(number: 1)
        }
        scope.createTask(name: "second") {
          do { try await sleep(.seconds(3600)) } catch {
            log.add("\(currentCancelReason!.kind)")
            throw Failure(number: 2)
          }
        }
        scope.createTask { try await sleep(.seconds(3600)) }
        do { try await sleep(.seconds(3600)) } catch {
          log.add("body \(currentCancelReason!.kind)")
          throw error
        }
      }
    }
    #expect(error?.errors(of: Failure.self) == [Failure(number: 1), Failure(number: 2)])
    #expect(Set(log.entries) == ["siblingFailed", "body siblingFailed"])
    #expect(error?.description == "2 tasks of a scope failed: Failure(number: 1); Failure(number: 2)")
  }

  @Test func `an error of the body is one of them`() async throws {
    let error = await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        scope.createTask { try await sleep(.seconds(3600)) }
        throw Failure(number: 9)
      }
    }
    #expect(error?.errors(of: Failure.self) == [Failure(number: 9)])
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 0))
  }

  @Test func `a task may start others`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      scope.createTask {
        try await sleep(.seconds(1))
        scope.createTask {
          try await sleep(.seconds(1))
          log.add("grandchild")
        }
      }
    }
    #expect(log.entries == ["grandchild"])
  }

  @Test func `cancelling the caller cancels the tasks and waits for them`() async throws {
    let log = Log()
    let task = createTask {
      try await withTaskScope { scope in
        scope.createTask {
          do { try await sleep(.seconds(3600)) } catch {
            try await shield { try await sleep(.seconds(2)) }
            log.add("cleaned up: \(currentCancelReason!)")
          }
        }
      }
    }
    try await sleep(.seconds(1))
    task.cancel("stop")
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["cleaned up: cancelled: stop"])
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 3))
  }

  @Test func `cancelling the scope is not an error`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      scope.createTask {
        do { try await sleep(.seconds(3600)) } catch { log.add(currentCancelReason!) }
      }
      try await sleep(.seconds(1))
      scope.cancel("enough")
      try await sleep(.seconds(3600))
    }
    #expect(log.entries == ["cancelled: enough"])
    // A task started in a cancelled scope is cancelled from its start.
    try await withTaskScope { scope in
      scope.cancel()
      let late = scope.createTask { try await sleep(.seconds(3600)) }
      _ = try? await late.value
      #expect(late.isCancelled)
    }
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 1))
  }

  @Test func `a cancelled task is not a failure`() async throws {
    try await withTaskScope { scope in
      let task = scope.createTask { try await sleep(.seconds(3600)) }
      let other = scope.createTask { try await sleep(.seconds(1)) }
      try await sleep(.milliseconds(1))
      task.cancel()
      try await other.value
    }
  }

  @Test func `nested scopes pass errors outwards`() async throws {
    let error = await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { outer in
        outer.createTask {
          try await withTaskScope { inner in
            inner.createTask { throw Failure(number: 1) }
            inner.createTask { try await sleep(.seconds(3600)) }
          }
        }
        outer.createTask { try await sleep(.seconds(3600)) }
      }
    }
    #expect(error?.leaves.count == 1)
    #expect(error?.errors.first is ErrorGroup)
    let parts = error!.split { $0 is Failure }
    #expect(parts.matching != nil && parts.rest == nil)
    #expect(error!.filter { $0 is CancellationError } == nil)
  }

  /// A time limit around a scope whose task fails in its clean-up: neither the error nor the limit's error is lost.
  @Test func `a time limit around a scope cancels its tasks`() async throws {
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) {
        try await withTaskScope { scope in
          scope.createTask { try await sleep(.seconds(3600)) }
          scope.createTask {
            #expect(currentDeadline == EventLoop.Instant(secondsInTest: 1))
            try await sleep(.seconds(3600))
          }
        }
      }
    }
    await #expect(throws: ErrorGroup.self) {
      try await withTimeout(.seconds(1)) {
        try await withTaskScope { scope in
          scope.createTask {
            do { try await sleep(.seconds(3600)) } catch { throw Failure() }
          }
        }
      }
    }
    #expect(!Task.isCancelled)
  }

  @Test func `start returns when the task says that it is up`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      let value = try await scope.start(name: "server") { ready in
        try await sleep(.seconds(1))
        ready(42)
        log.add("up")
        try await sleep(.seconds(1))
        log.add("down")
      }
      #expect(value == 42)
      #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 1))
    }
    #expect(log.entries == ["up", "down"])
  }

  @Test func `a task that fails before it is up fails only the task that started it`() async throws {
    try await withTaskScope { scope in
      await #expect(throws: Failure.self) {
        try await scope.start { (ready: ReadySignal<Int>) in throw Failure() }
      }
      let error = await #expect(throws: MisuseError.self) {
        try await scope.start(name: "mute") { (ready: ReadySignal<Int>) in }
      }
      #expect(error?.description == "TaskScope.start: task \"mute\" ended before it was ready")
      #expect(!scope.isCancelled)
    }
    await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        try await scope.start { ready in
          ready()
          throw Failure()
        }
        try await sleep(.seconds(3600))
      }
    }
  }

  @Test func `cancelling the task that starts another cancels it`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.seconds(1)) {
          try await scope.start { (ready: ReadySignal<Int>) in
            do { try await sleep(.seconds(3600)) } catch {
              log.add("\(currentCancelReason!.kind)")
              throw error
            }
          }
        }
      }
    }
    #expect(log.entries == ["awaiterCancelled"])
  }

  @Test func `a cancelled caller is not given what a task said on its way to its end`() async throws {
    try await withTaskScope { scope in
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.seconds(1)) {
          try await scope.start { (ready: ReadySignal<Int>) in
            defer { ready(7) }
            try await sleep(.seconds(3600))
          }
        }
      }
    }
  }

  @Test func `a task that begins in a cancelled scope is cancelled from the start`() async throws {
    let log = Log()
    let begin: @Sendable (TaskScope) -> Void = { scope in
      for isEager in [true, false] {
        scope.createTask(eagerStart: isEager) {
          log.add("\(Task.isCancelled) \(currentCancelReason?.description ?? "")")
          try await sleep(.seconds(3600))
        }
      }
    }
    try await withTaskScope { scope in
      scope.cancel("by itself")
      begin(scope)
    }
    #expect(log.entries == ["true cancelled: by itself", "true cancelled: by itself"])
    // A body that continues although it was cancelled from outside.
    let task = createTask {
      try await withTaskScope { scope in
        try? await sleep(.seconds(1))
        begin(scope)
      }
    }
    try await sleep(.milliseconds(1))
    task.cancel("from outside")
    _ = await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries.dropFirst(2) == ["true cancelled: from outside", "true cancelled: from outside"])
    #expect(EventLoop.current.time == EventLoop.Instant(nanoseconds: 1_000_000))
  }

  /// The last task ends and the body is about to continue; in that turn another task starts a new one.
  @Test(arguments: 0..<10) func `a task may begin when the last one has just ended`(round: Int) async throws {
    let log = Log()
    let handedOut = Future<TaskScope>()
    createTask {
      let scope = try await handedOut.value
      try await sleep(.seconds(1))
      scope.createTask {
        try await sleep(.seconds(1))
        log.add("late")
      }
    }
    try await withTaskScope { scope in
      handedOut.setResult(scope)
      scope.createTask { try await sleep(.seconds(1)) }
    }
    #expect(log.entries == ["late"])
  }

  @Test func `a body that ends by the cancellation of another task cancels its tasks`() async throws {
    let log = Log()
    await #expect(throws: CancellationError.self) {
      try await withTaskScope { scope in
        scope.createTask {
          defer { log.add("ended") }
          try await sleep(.seconds(3600))
        }
        let job = scope.createTask { try await sleep(.seconds(3600)) }
        job.cancel()
        try await job.value
      }
    }
    #expect(log.entries == ["ended"])
    #expect(EventLoop.current.time == EventLoop.Instant(secondsInTest: 0))
    #expect(!Task.isCancelled)
  }

  @Test func `only a body without a result may end by the cancellation of its scope`() async throws {
    let cancelled: @Sendable (TaskScope) async throws -> Never = { scope in
      scope.cancel()
      while true { try await sleep(.seconds(1)) }
    }
    try await withTaskScope { scope -> Void in try await cancelled(scope) }
    await #expect(throws: CancellationError.self) {
      _ = try await withTaskScope { scope -> Any in try await cancelled(scope) }
    }
    await #expect(throws: CancellationError.self) {
      _ = try await withTaskScope { scope -> Void? in try await cancelled(scope) }
    }
    let nothing: Void? = try await withTaskScope { _ -> Void? in nil }
    #expect(nothing == nil)
    // The value that it had returned by then counts.
    let value = try await withTaskScope { scope in
      scope.createTask { try await sleep(.seconds(3600)) }
      scope.cancel()
      return 5
    }
    #expect(value == 5)
  }

  @Test func `an error that the awaiting task throws on is one`() async throws {
    let error = await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        let failing = scope.createTask { () -> Int in
          try await sleep(.seconds(1))
          throw Failure(number: 1)
        }
        let awaiting = scope.createTask { try await failing.value }
        scope.createTask { _ = try await (failing.value, awaiting.value) }
        _ = try await awaiting.value
      }
    }
    #expect(error?.description == "a task of a scope failed: Failure(number: 1)")
    // Two equal errors count as two.
    let two = await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        for _ in 0..<2 {
          scope.createTask { throw Failure(number: 2) }
        }
      }
    }
    #expect(two?.errors.count == 2)
  }

  /// The tasks may end before the body, which waits for them, notices its cancellation.
  @Test(arguments: 0..<20) func `a cancellation that reaches the last tasks is thrown, whichever ends first`(
    round: Int
  ) async throws {
    for count in 1...3 {
      let task = createTask {
        try await withTaskScope { scope in
          for _ in 0..<count { scope.createTask { try await sleep(.seconds(3600)) } }
        }
      }
      try await sleep(.seconds(1))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    // A cancellation after the last task's end is too late.
    let scopes = Future<TaskScope>()
    let task = createTask { () -> Int in
      try await withTaskScope { scope in
        scopes.setResult(scope)
        scope.createTask { try await sleep(.seconds(1)) }
        return 1
      }
    }
    let last = try await shield(scopes).tasks[0]
    last.addDoneCallback { _ in task.cancel() }
    #expect(try await task.value == 1)
  }
}

/// Outside of virtual time: a loop that waits idly for another process would be taken for stuck.
@Suite struct TaskScopeMisuseTests {
  @Test func `starting a task in a scope that is over ends the process with a sentence`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let scope = try await withTaskScope { scope in scope }
      #expect(!scope.cancel())
      #expect(scope.tasks.isEmpty)
      scope.createTask {}
    }
    let text = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
    #expect(text.contains("TaskScope.createTask: the scope is over"))
  }
}
