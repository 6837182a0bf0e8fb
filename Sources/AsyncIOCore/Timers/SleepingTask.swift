// SPDX-License-Identifier: Apache-2.0
// The task behind a `Task.sleep`. The standard library hands a job to the executor, with a time, from within the task
// that sleeps; when that task is cancelled it goes on at once, and the job stays where it is until its time. So the job
// may outlive the task, and the reference here is what keeps the question "is it cancelled?" safe to ask.

import CSwiftRuntime

/// `@safe`: it holds a reference of its own.
@safe final class SleepingTask {
  // Safety: a task is an object of the runtime's, with the reference count that every object has.
  private let task: Unmanaged<AnyObject>

  /// The current task; nil outside of tasks.
  init?() {
    guard let current = unsafe asyncio_current_task() else { return nil }
    unsafe task = Unmanaged<AnyObject>.fromOpaque(current).retain()
  }

  deinit { unsafe task.release() }

  var isCancelled: Bool { unsafe asyncio_task_is_cancelled(task.toOpaque()) }

  func cancel() { unsafe asyncio_cancel_task(task.toOpaque()) }
}
