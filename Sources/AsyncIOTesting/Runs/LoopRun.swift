// SPDX-License-Identifier: Apache-2.0
// Runs one body on one fresh loop on one fresh thread.
//
// The body is a new task that prefers the loop, rather than the caller's task moved there. A loop that can make no
// progress cancels the tasks that wait on it, and a cancelled task stays cancelled. The body inherits the caller's
// cancellation and task-local values, among them those by which Swift Testing knows the current test.
//
// The loop's thread resumes the caller after the loop has ended there. Resumed earlier, the caller's next job would
// land in the run queue of a loop that no thread runs.

import AsyncIOCore
import Synchronization

enum LoopRun {
  static func run<Value: Sendable>(
    name: String, reports: RunReports? = nil, makeBackend: @escaping @Sendable () throws -> any Backend,
    prepare: @escaping @Sendable (EventLoop) -> Void = { _ in },
    started: (_ cancel: @escaping @Sendable () -> Void) -> Void = { _ in },
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await EventLoop.prepareForLoopsWithMainActor()
    let end = ThreadEnd()
    let thread = try LoopThread.start(
      name: "asyncio-test", namesTasks: true, makeBackend: makeBackend,
      prepare: { loop in
        loop.keepTasks()
        reports?.watch(loop)
        prepare(loop)
      }, whenEnded: { end.signal() })
    let loop = thread.loop

    // A nested run: the outer loop is not stuck, it waits for this one.
    let outer = EventLoop.onThisThread
    outer?.blockingCalls += 1

    let outcome = Outcome<Value>()
    let task = Task(name: name, executorPreference: loop.taskExecutor) {
      do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
      loop.stop()
    }
    started { task.cancel() }
    await withTaskCancellationHandler {
      await end.wait()
    } onCancel: {
      task.cancel()
    }
    if let outer { outer.postFromAnywhere { $0.blockingCalls -= 1 } }
    return try outcome.get()
  }
}

/// The body's result; nil if its loop was stopped first.
private final class Outcome<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)

  func set(_ result: Result<Value, any Error>) { self.result.withLock { $0 = result } }

  func get() throws -> Value {
    guard let result = result.withLock({ $0 }) else { throw EventLoopError.stopped }
    return try result.get()
  }
}

/// A signal that one task waits for without blocking its thread.
private final class ThreadEnd: Sendable {
  private struct State {
    var hasEnded = false
    var waiting: UnsafeContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func signal() {
    let waiting = state.withLock { state in
      state.hasEnded = true
      return state.waiting.take()
    }
    waiting?.resume()
  }

  func wait() async {
    await withUnsafeContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waiting = continuation }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }
}

// The reports of a run besides its result: errors that no task awaited, and what the body left behind. They are
// collected on the loop's thread, where no test may be current. The test records them once, when the run is over.

final class RunReports: Sendable {
  private let list = Mutex<[String]>([])

  /// The reports in their order, each once.
  var all: [String] { list.withLock { $0 } }

  private func add(_ report: String) {
    list.withLock { list in if !list.contains(report) { list.append(report) } }
  }

  /// Starts to watch, on the loop's thread, before the loop runs. A handler that the test sets receives the errors
  /// instead.
  func watch(_ loop: EventLoop) {
    loop.exceptionHandler = { [self] _, context in add("\(context)") }
    loop.whenFinishing = { [self] loop in for leftover in loop.leftovers() { add(leftover) } }
  }
}
