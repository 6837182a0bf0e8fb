// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Holds the result of a blocking call for the task that waits for it.
private final class BlockingResult<Value>: @unchecked Sendable {
  // Sendable: the pool's thread writes it before it posts to the loop, and the loop reads it afterwards.
  var value: Value?
  /// Whether the pool has begun with the call, or its caller has left before: whichever comes first.
  private let isClaimed = Atomic<Bool>(false)

  func claim() -> Bool { !isClaimed.exchange(true, ordering: .acquiringAndReleasing) }

  // On the loop only.
  var wait: WaitID?
}

extension EventLoop {
  /// Runs a blocking call on another thread, and suspends until it returns. Call it on the loop's thread.
  ///
  /// **Cancellation** ends the wait with `CancellationError`. A call that has not begun, because all threads are busy,
  /// never begins. One that has cannot be stopped: it runs to its end, and its result is dropped. At the deadline, a
  /// time of the loop's clock, the wait ends likewise with `DeadlinePassed`.
  ///
  /// - Throws: The call's error. `SystemError` if no thread could be started; the call has not begun then.
  package nonisolated(nonsending) func runBlocking<Value: Sendable>(
    _ reason: WaitReason, until deadline: Int64 = .max, _ body: @escaping @Sendable () -> Value
  ) async throws -> Value {
    let result = BlockingResult<Value>()
    try BlockingPool.shared.submit {
      if result.claim() { result.value = body() }
      self.postFromAnywhere { loop in
        loop.counters.blocking &-= 1
        if let wait = result.wait { loop.resume(wait) }
      }
    }
    // Posted results come in a later turn.
    counters.blocking &+= 1
    let wait = beginWait(reason)
    result.wait = wait
    let outcome = await self.wait(wait, until: deadline)
    do {
      try outcome.check()
    } catch {
      _ = result.claim()
      throw error
    }
    return result.value!
  }
}
