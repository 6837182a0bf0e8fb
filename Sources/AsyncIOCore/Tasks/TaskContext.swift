// SPDX-License-Identifier: Apache-2.0
// Task-local values for callbacks; asyncio's `Context`.
//
// A callback runs in no task, and so without the values that were bound where it was scheduled. The runtime copies them
// in one place only: into a task that is created. So to capture them is to create a task, whose executor keeps its job
// instead of running it; to use them is to run that job. The task exists for one call.
//
// A capture is about the price of a task, 0.3 µs, and is made only within a task: code outside of one has no values.

import CSwiftRuntime

/// The task-local values of one place in the program, for one call somewhere else.
package final class TaskContext: Sendable {
  private let executor: KeepingExecutor

  /// The values of the calling task; nil outside of tasks.
  package static func capture() -> TaskContext? {
    if unsafe asyncio_current_task() == nil { return nil }
    return TaskContext()
  }

  private init() {
    let executor = KeepingExecutor()
    self.executor = executor
    // The task holds the executor, not this: so this is released, and ends the task, when nobody wants it any more.
    // A callback belongs to no task, so nothing around the capture cancels it or is its current task.
    CancelNode.$current.withValue(nil) {
      _ = Task(executorPreference: executor) { executor.work.take()?() }
    }
  }

  deinit { executor.run(nil) }

  /// Calls the body with the values. Once; on the thread where the body belongs.
  package func run(_ body: @escaping () -> Void) { executor.run(body) }
}

/// Keeps the job of one task until it is told to run it.
private final class KeepingExecutor: TaskExecutor, @unchecked Sendable {
  // Sendable: `job` is written while the task is created, before anyone else has this; afterwards both belong to
  // whoever holds the context, and it is run or released once.
  private var job: UnownedJob?
  var work: (() -> Void)?

  func enqueue(_ job: consuming ExecutorJob) { self.job = UnownedJob(job) }

  func run(_ work: (() -> Void)?) {
    guard let job = job.take() else { return }
    self.work = work
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
