// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where a result of a blocking call waits for the task that asked for it.
private final class BlockingResult<Value>: @unchecked Sendable {
  // Sendable: written by the pool's thread before it posts to the loop, and read on the loop after that.
  var value: Value?
  // On the loop only.
  var wait: WaitID?
}

extension EventLoop {
  /// Runs a call that blocks on another thread, and suspends until it is done. On the loop's thread.
  ///
  /// Cancellation: the wait ends with `CancellationError`; the call itself cannot be stopped, runs to its end, and its
  /// result is dropped. So it is at the deadline, a time of the loop's clock, with `DeadlinePassed`.
  ///
  /// - Throws: `SystemError` too, if there is no thread to be had; the call has not begun then.
  package nonisolated(nonsending) func runBlocking<Value: Sendable>(
    _ reason: WaitReason, until deadline: Int64 = .max, _ body: @escaping @Sendable () -> Value
  ) async throws -> Value {
    let result = BlockingResult<Value>()
    try BlockingPool.shared.submit {
      result.value = body()
      self.postFromAnywhere { loop in
        loop.counters.blocking &-= 1
        if let wait = result.wait { loop.resume(wait) }
      }
    }
    // What is posted comes in a later turn.
    counters.blocking &+= 1
    let wait = beginWait(reason)
    result.wait = wait
    try await self.wait(wait, until: deadline).check()
    return result.value!
  }
}
