// SPDX-License-Identifier: Apache-2.0

import CSwiftRuntime

extension EventLoop {
  /// Suspends the calling task for a duration; zero or less is one turn. On the loop's thread.
  @inline(__always)
  package nonisolated(nonsending) func sleep(_ duration: Duration) async throws {
    let nanoseconds = duration.clampedNanoseconds
    guard nanoseconds > 0 else {
      if let task = unsafe asyncio_current_task(), unsafe asyncio_task_is_cancelled(task) { throw cancellation }
      await yield()
      if let task = unsafe asyncio_current_task(), unsafe asyncio_task_is_cancelled(task) { throw cancellation }
      return
    }
    let wait = beginWait(WaitReason("sleep"))
    let timer = timers.insert(deadline: deadline(after: nanoseconds), .endWait(wait))
    if await self.wait(wait) == .cancelled {
      takeBack(timer)
      throw cancellation
    }
  }
}
