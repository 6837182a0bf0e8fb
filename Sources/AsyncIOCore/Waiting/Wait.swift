// SPDX-License-Identifier: Apache-2.0
// The one way in which this library's tasks wait.
//
// A wait has three steps, all on the loop's thread. `beginWait` takes a record. The caller arms what will end the wait
// (a timer, an operation, a place in a lock's queue) with the record's id. `wait` suspends. Code that ends the wait
// calls `resume(id)`, which returns whether it was first. A cancelled wait is over at once, so a value is never handed
// to a task that has left. A value that has arrived beats a later cancellation. After `.cancelled` the waiter itself
// takes back what it armed. An operation holds its own buffer and descriptor, so it may outlive the wait.
//
// So the code after a wait is on the loop's thread in three cases: outside of actors, on the main actor with the main
// loop, and on the loop's own actor. Code of an actor without an executor continues where the actor runs. That is the
// thread of another loop if tasks from there are in the actor at that time. The waits here allow for that. Code that
// must stay on its loop's thread over several waits, as in a stream, first asks `isCurrent(for:)`.

import CSwiftRuntime

extension EventLoop {
  /// Announces a wait. Follow it with exactly one `wait(_:)`, without a suspension in between.
  package func beginWait(_ reason: WaitReason) -> WaitID {
    let record = unsafe waits.allocate(for: self)
    unsafe record.pointee.state = .armed
    unsafe record.pointee.ending = .resumed
    unsafe record.pointee.reason = reason
    unsafe record.pointee.since = cachedTime
    return unsafe record.pointee.id
  }

  /// Suspends the calling task until `resume(id)`, or until the task is cancelled.
  @inline(__always)
  package nonisolated(nonsending) func wait(_ id: WaitID) async -> WaitOutcome {
    let record = unsafe waits[id.index]
    guard let task = unsafe asyncio_current_task() else { preconditionFailure("only a task can wait") }
    unsafe record.pointee.task = task
    if namesTasks { waits.taskNames[id.index] = Task.name }
    guard let handler = unsafe asyncio_add_cancellation_handler(record) else { return await endCancelledWait(id) }
    if unsafe record.pointee.state == .armed {
      unsafe keep(task, for: record)
      await suspendTask()
    }
    unsafe asyncio_remove_cancellation_handler(handler)
    return unsafe finishWait(record)
  }

  /// Ends a wait of a task that was cancelled before it began. A cancellation stays. So a loop that catches the errors
  /// of its waits, and waits again, would never suspend and would keep the thread for ever. So the wait spends the
  /// budget.
  @inline(never)
  private nonisolated(nonsending) func endCancelledWait(_ id: WaitID) async -> WaitOutcome {
    countRefusedWait(id)
    cancelWait(id)
    let outcome = unsafe finishWait(waits[id.index])
    await spendBudgetUninterrupted()
    return outcome
  }

  /// Suspends until the wait is ended; a cancellation does not end it.
  package nonisolated(nonsending) func waitUninterrupted(_ id: WaitID) async {
    let record = unsafe waits[id.index]
    guard let task = unsafe asyncio_current_task() else { preconditionFailure("only a task can wait") }
    unsafe record.pointee.task = task
    if namesTasks { waits.taskNames[id.index] = Task.name }
    if unsafe record.pointee.state == .armed {
      unsafe keep(task, for: record)
      await suspendTask()
    }
    _ = unsafe finishWait(record)
  }

  /// Finishes a wait whose task continues, perhaps on the thread of another loop, see `isCurrent(for:)`. The record has
  /// not changed since it was resumed, and is given back here.
  func finishWait(_ record: UnsafeMutablePointer<WaitRecord>) -> WaitOutcome {
    let outcome = unsafe record.pointee.outcome
    if isCurrent {
      unsafe giveBack(record)
    } else {
      let id = unsafe record.pointee.id
      postFromAnywhere { unsafe $0.giveBack($0.waits[id.index]) }
    }
    return outcome
  }

  private func giveBack(_ record: UnsafeMutablePointer<WaitRecord>) {
    if namesTasks { unsafe waits.taskNames.removeValue(forKey: record.pointee.index) }
    unsafe waits.free(record)
  }

  /// Ends a wait with a result, which `wait` returns. Returns false if the wait was already over: then the result still
  /// belongs to the caller, to give to the next waiter.
  @discardableResult
  package func resume(_ id: WaitID, _ result: Int = 0) -> Bool {
    guard let record = unsafe waits.record(id), unsafe record.pointee.state != .resumed else { return false }
    unsafe record.pointee.result = result
    unsafe end(record)
    return true
  }

  /// Ends a wait by cancellation, unless it is already over.
  func cancelWait(_ id: WaitID) { end(id, .cancelled) }

  /// Ends a wait at its deadline, unless it is already over.
  func expireWait(_ id: WaitID) { end(id, .deadlinePassed) }

  private func end(_ id: WaitID, _ ending: WaitRecord.Ending) {
    guard let record = unsafe waits.record(id), unsafe record.pointee.state != .resumed else { return }
    unsafe record.pointee.ending = ending
    unsafe end(record)
  }

  @inline(__always)
  private func end(_ record: UnsafeMutablePointer<WaitRecord>) {
    let wasSuspended = unsafe record.pointee.state == .suspended
    unsafe record.pointee.state = .resumed
    if wasSuspended { unsafe ready.append(record.pointee.item) }
  }

  /// The current task is about to be suspended, and its job belongs to the wait until that has ended.
  @inline(__always)
  func keep(_ task: UnsafeMutableRawPointer, for record: UnsafeMutablePointer<WaitRecord>) {
    unsafe record.pointee.item = ReadyItem(ofTask: task, runningKind)
    unsafe record.pointee.state = .suspended
  }

  /// Lets every other ready task run once.
  @inline(__always)
  package nonisolated(nonsending) func yield() async {
    guard let task = unsafe asyncio_current_task() else { preconditionFailure("only a task can yield") }
    ready.append(unsafe ReadyItem(ofTask: task, runningKind))
    await suspendTask()
  }
}

/// Installs the function that ends a wait when its task is cancelled. Called once, before the first loop exists.
func installCancellationCallback() {
  unsafe asyncio_set_cancellation_callback { context in
    // Safety: the context is the record that `wait` registered; see WaitTable for who may read what.
    let record = unsafe context.assumingMemoryBound(to: WaitRecord.self)
    let loop = unsafe record.pointee.loop
    let id = unsafe record.pointee.id
    if loop.isCurrent {
      loop.noteCancelledWait(id)
      loop.cancelWait(id)
    } else {
      loop.postFromAnywhere { $0.cancelWait(id) }
    }
  }
}
