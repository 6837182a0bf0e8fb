// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The state of a task scope, as a value: the number of running tasks, and the errors so far. The scope opens, tasks
/// come and go, its body ends, and it closes when the last task has ended.
struct TaskScopeState<Waiter: LineWaiter>: Sendable {
  private(set) var running = 0
  private(set) var errors: [any Error] = []
  private(set) var isClosed = false
  /// Whether the tasks were cancelled while the body did nothing but wait for them.
  private(set) var wasCancelledAtTheEnd = false
  private var waiter: Waiter?

  /// Counts a task that begins. Returns false if the scope has closed.
  mutating func begin() -> Bool {
    if isClosed { return false }
    running += 1
    return true
  }

  /// The consequences of a task's end.
  struct Ended: Sendable {
    /// Whether this was the first error: then cancel the other tasks.
    var isFirstError = false
    /// The claim of the waiter for the last task.
    var claim: Waiter.Claim?
  }

  /// Counts a task that has ended, with its error unless that is a cancellation.
  mutating func end(_ error: (any Error)?) -> Ended {
    running -= 1
    var ended = Ended()
    if let error { ended.isFirstError = add(error) }
    if running == 0 { ended.claim = waiter?.claimOfAnyone }
    return ended
  }

  /// Records the body's error. Returns whether it is the first.
  mutating func bodyFailed(_ error: any Error) -> Bool { add(error) }

  /// Returns whether the error is the first. An error that an awaiter of the failed task has thrown on is in here
  /// already.
  private mutating func add(_ error: any Error) -> Bool {
    if !errors.contains(where: { isSame($0, error) }) { errors.append(error) }
    return errors.count == 1
  }

  /// Whether both are one error, not two that are alike. An `any Error` is a reference to the thrown error, and stays
  /// that reference when thrown on.
  private func isSame(_ one: any Error, _ other: any Error) -> Bool {
    // Safety: an existential of Error is one reference (ABI). The words are compared, and used for nothing else. The
    // conversions select the existentials, not their contents (SE-0352).
    unsafe unsafeBitCast(one as any Error, to: UInt.self) == unsafeBitCast(other as any Error, to: UInt.self)
  }

  /// Notes that the tasks are cancelled, from outside or because one failed.
  mutating func cancelTasks() {
    if waiter != nil && running > 0 { wasCancelledAtTheEnd = true }
  }

  /// Lets the body wait for the last task. Called in the section that found one running.
  mutating func join(_ waiter: Waiter) { self.waiter = waiter }

  /// Ends the body's wait. Returns a value if it ended because no task runs any more, nil otherwise.
  mutating func leave() -> Void? {
    waiter = nil
    return running == 0 ? () : nil
  }

  /// Closes the scope to new tasks, unless a task runs. Returns whether it is closed.
  mutating func close() -> Bool {
    if running == 0 { isClosed = true }
    return isClosed
  }
}
