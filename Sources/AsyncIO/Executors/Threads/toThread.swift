// SPDX-License-Identifier: Apache-2.0
// This is the way off the loop. Everything that Swift itself starts stays on the loop: `@concurrent` functions,
// `Task.detached`, task groups and plain actors. They run on the process's default executor, which is the loop of the
// thread that enqueues them. That makes code without annotations safe here, so work for the CPU has to ask for another
// thread.
//
// A cancelled task waits for its function unless it asks for the opposite, which is asyncio's way. A function that goes
// on by itself holds its files, its memory and its thread, and nothing says when it lets go of them. The function
// learns of the cancellation, and can end early.
//
// In virtual time a function runs on a real thread too: it may wait for something that only the loop can do. The clock
// stands still meanwhile.

public import AsyncIOCore
import Synchronization

/// Runs a function on another thread, and waits for its result; asyncio's `to_thread`. For work that computes for more
/// than a millisecond, and for calls that block: the loop serves other tasks meanwhile.
///
/// ```swift
/// let sum = try await toThread { (0..<10_000_000).reduce(0) { $0 &+ $1 } }
/// ```
///
/// The threads belong to a pool of `min(32, cores + 4)`, like those of asyncio's default executor. If all are taken,
/// the call stands in line for one: first come, first served. A limiter bounds one kind of work further, so that it
/// doesn't take the threads of others:
///
/// ```swift
/// let converters = CapacityLimiter(2)
/// let pages = try await toThread(limiter: converters) { 42 }
/// ```
///
/// The function has the caller's task-local values. It belongs to no task, but sees the caller's cancellation by
/// Swift's `Task.isCancelled` and `Task.checkCancellation()`:
///
/// ```swift
/// let found = try await toThread {
///   var number = 2
///   while !Task.isCancelled && number < 1_000_000 { number += 1 }
///   return number
/// }
/// ```
///
/// **Cancellation** of a caller that stands in line, for a token or for a thread, ends the call: the function never
/// starts. Once started the function can't be stopped. Then the caller waits for it by default, and gets its result or
/// error. With `cancel: .abandon` the caller leaves at once with `CancellationError`. Then the function's result is
/// dropped, and an error of the function goes to the loop's exception handler. Functions that still run at the end of
/// the loop are named there, with their threads.
///
/// - Parameters:
///   - name: The function's name in reports; the place of this call if nil.
///   - limiter: Lends a token for as long as the function runs, also when its caller has left.
///   - cancel: What a cancelled caller does once the function has started.
/// - Throws: What the function throws; `CancellationError` if the caller is cancelled; `SystemError` if the system
///   starts no thread.
public nonisolated(nonsending) func toThread<Value: Sendable>(
  name: String? = nil, limiter: CapacityLimiter? = nil, cancel: ThreadCancellation = .wait,
  file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await call(body, on: .ofPrograms, name ?? "\(file):\(line)", limiter: limiter, cancel: cancel)
}

/// Runs a function on a thread of a pool, with the caller's task-local values.
nonisolated(nonsending) func call<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value, on pool: BlockingPool, _ label: String, limiter: CapacityLimiter?,
  cancel: ThreadCancellation
) async throws -> Value {
  let token = try await limiter.asyncMap { try await LimiterToken($0) }
  return try await onCurrentLoop { loop in
    let context = TaskContext.captureForFunction()
    let cancellation = CallCancellation(loop: loop)
    return try await loop.runBlocking(
      WaitReason("run on a thread"), label: label, on: pool, whenCancelled: cancel,
      onCancel: {
        context.cancel()
        cancellation.cancel()
      }
    ) {
      defer { token?.giveBack() }
      let outcome = Outcome<Value>()
      context.run {
        outcome.result = Result { try CallCancellation.$current.withValue(cancellation) { try body() } }
      }
      return try outcome.result!.get()
    }
  }
}

/// The result of the function, carried out of its context.
private final class Outcome<Value: Sendable> {
  var result: Result<Value, any Error>?
}

extension Optional {
  fileprivate nonisolated(nonsending) func asyncMap<Result>(
    _ transform: nonisolated(nonsending) (Wrapped) async throws -> Result
  ) async rethrows -> Result? {
    if let self { return try await transform(self) }
    return nil
  }
}

/// A token of a limiter that a function on a thread holds, whatever becomes of its caller. The function gives it back;
/// if the function never runs, the last reference does.
final class LimiterToken: Sendable {
  private let limiter: CapacityLimiter
  private let isHeld = Atomic<Bool>(true)

  /// Waits for a token.
  nonisolated(nonsending) init(_ limiter: CapacityLimiter) async throws {
    self.limiter = limiter
    try await limiter.acquire(onBehalfOf: ObjectIdentifier(self))
  }

  func giveBack() {
    guard isHeld.exchange(false, ordering: .acquiringAndReleasing) else { return }
    limiter.release(onBehalfOf: ObjectIdentifier(self))
  }

  deinit { giveBack() }
}
