// SPDX-License-Identifier: Apache-2.0
// The task behind a `Task.sleep`. The standard library hands a job to the executor, with a time, from within the task
// that sleeps; when that task is cancelled it goes on at once, and the job stays where it is until its time. So the job
// may outlive the task, and the reference here is what keeps the question "is it cancelled?" safe to ask.

import CSwiftRuntime

struct SleepingTask {
  /// An object of the runtime's, with the reference count that every object has. A plain reference: no object is made
  /// for a sleep.
  private let task: AnyObject

  /// The current task; nil outside of tasks.
  init?() {
    guard let current = unsafe asyncio_current_task() else { return nil }
    task = unsafe Unmanaged<AnyObject>.fromOpaque(current).takeUnretainedValue()
  }

  var isCancelled: Bool { unsafe asyncio_task_is_cancelled(Unmanaged.passUnretained(task).toOpaque()) }

  func cancel() { unsafe asyncio_cancel_task(Unmanaged.passUnretained(task).toOpaque()) }
}
