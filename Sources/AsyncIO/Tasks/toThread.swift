// SPDX-License-Identifier: Apache-2.0
// This is the way off the loop. Everything that Swift itself starts stays on the loop: `@concurrent` functions,
// `Task.detached`, task groups and plain actors. They run on the process's default executor, which is the loop of the
// thread that enqueues them. That makes code without annotations safe here, so work for the CPU has to ask for another
// thread.

import AsyncIOCore

/// Runs a function on another thread, and waits for its result; asyncio's `to_thread`. For work that computes for more
/// than a millisecond, and for calls that block: the loop serves other tasks meanwhile.
///
/// ```swift
/// let sum = try await toThread { (0..<10_000_000).reduce(0) { $0 &+ $1 } }
/// ```
///
/// The threads belong to a pool of `min(32, cores + 4)`, like those of asyncio's default executor. If all are taken,
/// the call waits for one. The function has the caller's task-local values but belongs to no task: it doesn't see the
/// caller's cancellation.
///
/// **Cancellation** ends the wait at once. The function can't be stopped: it runs to its end, and its result is
/// dropped.
///
/// - Throws: What the function throws; `CancellationError` if the caller is cancelled before the function has ended.
public nonisolated(nonsending) func toThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  let result = try await onCurrentLoop { loop in
    let context = TaskContext.capture()
    return try await loop.runBlocking(WaitReason("run on a thread")) {
      guard let context else { return Result { try body() } }
      let outcome = Outcome<Value>()
      context.run { outcome.result = Result { try body() } }
      return outcome.result!
    }
  }
  return try result.get()
}

/// The result of the function, carried from its thread.
private final class Outcome<Value: Sendable> {
  var result: Result<Value, any Error>?
}
