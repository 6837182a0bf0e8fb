// SPDX-License-Identifier: Apache-2.0
// `sleep(.zero)` is what long computations call to let others run, and so the call that costs most for what it does. It
// is one asynchronous call in its caller, `suspendTask`, between two ordinary ones.

import CSwiftRuntime

extension EventLoop {
  /// Suspends the calling task for a duration; zero or less is one turn. On the loop's thread.
  @inline(__always)
  package nonisolated(nonsending) func sleep(_ duration: Duration) async throws {
    let nanoseconds = duration.clampedNanoseconds
    guard nanoseconds > 0 else {
      guard let yield = unsafe beginYield() else { throw cancellation }
      await suspendTask()
      if unsafe asyncio_task_is_cancelled(yield) { throw cancellation }
      return
    }
    let wait = beginWait(WaitReason("sleep"))
    let timer = timers.insert(deadline: deadline(after: nanoseconds), .endWait(wait))
    if await self.wait(wait) == .cancelled {
      takeBack(timer)
      throw cancellation
    }
  }

  /// Puts the current task into the run queue, and returns it: it is to be suspended. Nil if it is cancelled.
  @inline(__always)
  private func beginYield() -> UnsafeMutableRawPointer? {
    guard let task = unsafe asyncio_current_task(), unsafe !asyncio_task_is_cancelled(task) else { return nil }
    ready.append(unsafe ReadyItem(ofTask: task, runningKind))
    return unsafe task
  }

  /// The same for a `sleep` that is one turn long, on the loop of this thread. Nil for every other.
  /// Benchmark: yield, yield1.
  @usableFromInline static func beginYield(insteadOf duration: Duration) -> UnsafeMutableRawPointer? {
    // No more than that it isn't positive: it may be far from what nanoseconds can express.
    guard duration.attoseconds <= 0 else { return nil }
    var task: UnsafeMutableRawPointer?
    _ = withLoopOfThisThread { loop in
      unsafe task = loop.beginYield()
      return true
    }
    return unsafe task
  }

  /// Whether the task was cancelled while others ran.
  @usableFromInline static func wasCancelled(_ task: UnsafeMutableRawPointer) -> Bool {
    unsafe asyncio_task_is_cancelled(task)
  }
}

/// `sleep` for all other cases.
@usableFromInline nonisolated(nonsending) func sleepOnLoop(_ duration: Duration) async throws {
  if let loop = EventLoop.onThisThread {
    try await loop.sleep(duration)
  } else {
    let loop = try EventLoop.currentOrStarted()
    try await loop.anchor.run { try await loop.sleep(duration) }
  }
}
