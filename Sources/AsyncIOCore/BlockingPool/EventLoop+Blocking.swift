// SPDX-License-Identifier: Apache-2.0

import CSwiftRuntime
import Synchronization

extension EventLoop {
  /// Runs a blocking call on another thread, and suspends until it returns. Call it on the loop's thread.
  ///
  /// **Cancellation** of a task whose call still stands in line takes the call out: it never starts. Once it has
  /// started it can't be stopped; `cancellation` says whether the task waits for it nevertheless. Without waiting, the
  /// wait ends with `CancellationError`, or at the deadline, a time of the loop's clock, with `DeadlinePassed`.
  ///
  /// - Parameters:
  ///   - label: What the program calls it, for reports; nil for calls of the library.
  ///   - onCancel: Called on the loop's thread when the task of a call that has started is cancelled.
  /// - Throws: The call's error. `SystemError` if no thread could be started; the call has not begun then.
  package nonisolated(nonsending) func runBlocking<Value: Sendable>(
    _ reason: WaitReason, label: String? = nil, on pool: BlockingPool = .shared, until deadline: Int64 = .max,
    whenCancelled cancellation: ThreadCancellation = .abandon, onCancel: () -> Void = {},
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    if let task = unsafe asyncio_current_task(), unsafe asyncio_task_is_cancelled(task) {
      try await wait(beginWait(reason)).check()
    }
    let call = BlockingCall(loop: self, label: label, body)
    try pool.submit(call)
    // Posted results come in a later turn.
    note(call)
    let wait = beginWait(reason)
    call.wait = wait
    let outcome = await self.wait(wait, until: deadline)
    call.wait = nil
    if !call.hasReturned, outcome == .cancelled || outcome == .deadlinePassed {
      if pool.withdraw(call) {
        forget(call)
        call.drop()
        try outcome.check()
      }
      if outcome == .cancelled { onCancel() }
      guard cancellation == .wait else {
        call.wasAbandoned.store(true, ordering: .releasing)
        try outcome.check()
        preconditionFailure("a wait that was neither cancelled nor late was abandoned")
      }
      let rest = beginWait(WaitReason("wait for a cancelled function on a thread"))
      call.wait = rest
      await waitUninterrupted(rest)
    }
    return try call.outcome!.get()
  }

  // MARK: - The calls of this loop

  private func note(_ call: LoopCall) {
    counters.blocking &+= 1
    calls[ObjectIdentifier(call)] = call
  }

  func forget(_ call: LoopCall) {
    counters.blocking &-= 1
    calls[ObjectIdentifier(call)] = nil
  }

  /// The program's functions that run on threads for this loop, in words. On the loop's thread.
  package var functionsOnThreads: [String] { calls.values.compactMap(\.report).sorted() }

  /// How long the end of a run waits for abandoned functions: those that are about to return are not worth a report.
  private static var graceForAbandoned: Int64 { 1_000_000_000 }

  /// Gives functions that still run on threads a moment, then names them. The run leaves them.
  func leaveFunctionsOnThreads(until giveUp: Int64) {
    guard calls.values.contains(where: { $0.report != nil }) else { return }
    let end = min(giveUp, deadline(after: Self.graceForAbandoned))
    let alarm = timers.insert(deadline: end, .call(TimerHandle(when: Instant(nanoseconds: end)) {}))
    while calls.values.contains(where: { $0.report != nil }) && backend.now < end { turn() }
    timers.cancel(alarm)
    let left = functionsOnThreads
    guard !left.isEmpty else { return }
    let message = "functions still ran on threads at the end of the loop, and were left there: "
    callExceptionHandler(ExceptionContext(message: message + left.joined(separator: "; ")))
  }
}
