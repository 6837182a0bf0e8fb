// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs an actor on a queue of Dispatch: on a thread without a loop.
final class QueueExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "elsewhere")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
