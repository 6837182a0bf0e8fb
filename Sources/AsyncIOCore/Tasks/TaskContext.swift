// SPDX-License-Identifier: Apache-2.0
// Task-local values for callbacks; asyncio's `Context`.
//
// A callback runs outside of tasks, and so without the values bound where it was scheduled. The runtime copies values
// in one place only: into a new task. So a capture creates a task whose executor keeps its job instead of running it.
// Using the values means running that job. The task exists for one call.
//
// A capture costs about as much as a task, 0.3 µs, and is made only within a task: code outside of tasks has no values.

import CSwiftRuntime

/// The task-local values of one place in the program, for one call somewhere else.
package final class TaskContext: Sendable {
  private let executor: KeepingExecutor
  /// The task that carries the values, if it may be cancelled.
  private let task: SwiftTask?

  /// Captures the values of the calling task; nil outside of tasks.
  package static func capture() -> TaskContext? {
    if unsafe asyncio_current_task() == nil { return nil }
    return TaskContext(keepsTask: false)
  }

  /// Captures the values of the calling task for a function that may be cancelled; outside of tasks, none.
  package static func captureForFunction() -> TaskContext { TaskContext(keepsTask: true) }

  private init(keepsTask: Bool) {
    let executor = KeepingExecutor()
    self.executor = executor
    // The task holds the executor, not this object. So this object is released, and ends the task, when its last owner
    // drops it. A callback belongs to no task, so nothing around the capture cancels it or is its current task.
    task = CancelNode.$current.withValue(nil) {
      let task = Task(executorPreference: executor) { if let work = executor.work.take() { work() } }
      return keepsTask ? SwiftTask(task) : nil
    }
  }

  /// Makes `Task.isCancelled` true in the body of `run`.
  package func cancel() { task?.cancel() }

  deinit { executor.run(nil) }

  /// Calls the body with the values. Call it once, on the body's thread.
  package func run(_ body: @escaping () -> Void) { executor.run(body) }
}

/// Keeps the job of one task until `run`.
private final class KeepingExecutor: TaskExecutor, @unchecked Sendable {
  // Sendable: `job` is written while the task is created, before other code has this object. Afterwards both belong to
  // the context's owner, which runs or releases the job once.
  private var job: UnownedJob?
  var work: (() -> Void)?

  func enqueue(_ job: consuming ExecutorJob) { self.job = UnownedJob(job) }

  func run(_ work: (() -> Void)?) {
    guard let job = job.take() else { return }
    self.work = work
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
