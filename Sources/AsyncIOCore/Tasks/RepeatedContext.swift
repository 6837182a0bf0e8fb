// SPDX-License-Identifier: Apache-2.0
// Task-local values for a callback that is called repeatedly: a watched descriptor's, a protocol's. A TaskContext
// serves one call, and capturing one for each call would create a task each time.
//
// So here the task that holds the values stays. Between two calls it is suspended. Its executor keeps its job, and runs
// it for the next call.

import CSwiftRuntime

/// The task-local values of one place in the program, for any number of calls on one thread.
package final class RepeatedContext {
  private let executor: KeptTaskExecutor
  private var isRunning = false

  /// Captures the values of the calling task; nil outside of tasks.
  package static func capture() -> RepeatedContext? {
    if unsafe asyncio_current_task() == nil { return nil }
    return RepeatedContext()
  }

  private init() {
    let executor = KeptTaskExecutor()
    self.executor = executor
    // As in TaskContext: the task holds the executor, not this object, and belongs to nothing that could cancel it.
    CancelNode.$current.withValue(nil) {
      _ = Task(executorPreference: executor) {
        while executor.callOnce() { await executor.suspend() }
      }
    }
  }

  /// Resumed without work, the task ends.
  deinit { executor.run(nil) }

  /// Calls the body with the values. A call within another call has those of the outer one.
  package func run(_ body: () -> Void) {
    if isRunning { return body() }
    isRunning = true
    withExtendedLifetime(self) {
      withoutActuallyEscaping(body) { executor.run($0) }
    }
    isRunning = false
  }
}

/// Keeps the job of one task until `run`.
@safe private final class KeptTaskExecutor: TaskExecutor, @unchecked Sendable {
  // Sendable: `job` is written while the task is created, before other code has this object. Afterwards everything
  // belongs to the thread of the context's owner.
  // Safe: the task is suspended whenever `continuation` is set, which is taken before it is resumed, once.
  private var job: UnownedJob?
  private var continuation: UnsafeContinuation<Void, Never>?
  private var work: (() -> Void)?

  func enqueue(_ job: consuming ExecutorJob) { self.job = UnownedJob(job) }

  /// A separate function: the work must not be kept alive while the task is suspended.
  func callOnce() -> Bool {
    guard let work = work.take() else { return false }
    work()
    return true
  }

  /// Suspends the task until the next call.
  func suspend() async {
    unsafe await withUnsafeContinuation { unsafe continuation = $0 }
  }

  func run(_ work: (() -> Void)?) {
    // Resuming enqueues the task's job here, synchronously.
    if let continuation = unsafe continuation.take() { unsafe continuation.resume() }
    guard let job = job.take() else { return }
    self.work = work
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
