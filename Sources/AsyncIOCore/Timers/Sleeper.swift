// SPDX-License-Identifier: Apache-2.0
// The task that called `Task.sleep`. It waits for the timer's job only until it is cancelled: then it goes on at once,
// and may be gone long before the job is due. So the timer keeps it in memory, and whoever asks what still waits leaves
// out the cancelled ones.

import CSwiftRuntime

struct Sleeper {
  /// The runtime's object, which is counted like any other and has no Swift type.
  private let task: AnyObject

  /// The task that runs on this thread; nil if none does.
  init?() {
    guard let task = unsafe asyncio_current_task() else { return nil }
    // Safety: a task is a native object of the runtime (HeapObject), and the one that runs is alive.
    self.task = unsafe Unmanaged<AnyObject>.fromOpaque(task).takeUnretainedValue()
  }

  var isCancelled: Bool { unsafe asyncio_task_is_cancelled(Unmanaged.passUnretained(task).toOpaque()) }

  /// The task's cancellation handlers run in here.
  func cancel() { unsafe asyncio_cancel_task(Unmanaged.passUnretained(task).toOpaque()) }
}
