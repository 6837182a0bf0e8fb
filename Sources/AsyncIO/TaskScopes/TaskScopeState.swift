// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What a task scope knows, as a value: how many of its tasks have not ended, and which errors there were. It opens,
/// tasks come and go, its body ends, and it closes when the last task has.
struct TaskScopeState<Waiter: LineWaiter>: Sendable {
  private(set) var running = 0
  private(set) var errors: [any Error] = []
  private(set) var isClosed = false
  /// Whether the tasks were cancelled while the body did nothing any more but wait for them.
  private(set) var wasCancelledAtTheEnd = false
  private var waiter: Waiter?

  /// A task begins. False if the scope has closed.
  mutating func begin() -> Bool {
    if isClosed { return false }
    running += 1
    return true
  }

  /// What follows from the end of a task.
  struct Ended: Sendable {
    /// The first error: the others are to be cancelled.
    var isFirstError = false
    /// The wait for the last one.
    var claim: Waiter.Claim?
  }

  /// A task has ended, with an error that is no cancellation or without one.
  mutating func end(_ error: (any Error)?) -> Ended {
    running -= 1
    var ended = Ended()
    if let error { ended.isFirstError = add(error) }
    if running == 0 { ended.claim = waiter?.claimOfAnyone }
    return ended
  }

  /// The body failed. Whether it was the first to do so.
  mutating func bodyFailed(_ error: any Error) -> Bool { add(error) }

  /// Whether it is the first. An error that was thrown on, by whoever awaited the task that failed, is in here already.
  private mutating func add(_ error: any Error) -> Bool {
    if !errors.contains(where: { isSame($0, error) }) { errors.append(error) }
    return errors.count == 1
  }

  /// Whether this is one error, not two that are alike: an `any Error` is a reference to what was thrown, and stays that
  /// when it is thrown on.
  private func isSame(_ one: any Error, _ other: any Error) -> Bool {
    // Safety: an existential of Error is one reference (ABI); the words are compared and nothing else. The conversions
    // say that the existentials are meant, and not what is in them (SE-0352).
    unsafeBitCast(one as any Error, to: UInt.self) == unsafeBitCast(other as any Error, to: UInt.self)
  }

  /// The tasks are cancelled, from outside or because one failed.
  mutating func cancelTasks() {
    if waiter != nil && running > 0 { wasCancelledAtTheEnd = true }
  }

  /// The body waits for the last task, in the section that found one running.
  mutating func join(_ waiter: Waiter) { self.waiter = waiter }

  /// The body waits no longer. Something if that is because nothing runs any more.
  mutating func leave() -> Void? {
    waiter = nil
    return running == 0 ? () : nil
  }

  /// Nothing runs, and nothing may begin any more, unless something has begun meanwhile.
  mutating func close() -> Bool {
    if running == 0 { isClosed = true }
    return isClosed
  }
}
