// SPDX-License-Identifier: Apache-2.0
// The one way in which this library's tasks wait.
//
// A wait has three steps, all on the loop's thread. `beginWait` takes a record. The caller arms what will end the wait
// (a timer, an operation, a place in a lock's queue) with the record's id. `wait` suspends. Code that ends the wait
// calls `resume(id)`, which returns whether it was first. A cancelled wait is over at once, so a value is never handed
// to a task that has left. A value that has arrived beats a later cancellation. After `.cancelled` the waiter itself
// takes back what it armed. An operation holds its own buffer and descriptor, so it may outlive the wait.
//
// How a task is suspended. Not by a continuation: the task *hops* to an actor whose executor keeps the job instead of
// running it. One `swift_task_switch` replaces a continuation's init, await, resume and enqueue, and the job goes from
// the record straight into the run queue. A whole yield takes 93 ns, against 132 ns with the best use of a continuation
// and 250 ns for `Task.yield` (Swift 6.3.1, one core). The empty method of that actor then runs on the executor that
// the task came from (see EventLoop+Turn), so its return is not a second hop. That is sound: an executor decides when
// and where its jobs run, and the method touches nothing. If the task's isolation is not the one that we assume, it
// hops there on return, as after any call to an actor.
//
// So the code after a wait is on the loop's thread in three cases: outside of actors, on the main actor with the main
// loop, and on the loop's own actor. Code of an actor without an executor continues where the actor runs. That is the
// thread of another loop if tasks from there are in the actor at that time. The waits here allow for that. Code that
// must stay on its loop's thread over several waits, as in a stream, first asks `isCurrent(for:)`.

import CSwiftRuntime

/// The actor that tasks hop to in order to be suspended.
@usableFromInline actor Suspender {
  private let executor: SuspenderExecutor

  init(executor: SuspenderExecutor) { self.executor = executor }

  @usableFromInline nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: executor)
  }

  /// Suspends the calling task until its job is put into the run queue again. Never inlined: the optimizer removes a
  /// hop that does nothing before the next one. And not empty: the optimizer knows that an empty function changes
  /// nothing. Then a loop that yields until another task has changed something would look only once.
  @inline(never)
  @usableFromInline func suspend() { asyncio_memory_may_have_changed() }
}

/// Hands the job of a task that is being suspended to the announced wait.
final class SuspenderExecutor: SerialExecutor {
  // Safety: set once, by the loop that owns the actor that owns this executor, before any task can reach it. Jobs
  // arrive only from tasks on that loop.
  nonisolated(unsafe) unowned(unsafe) var loop: EventLoop!

  func enqueue(_ job: consuming ExecutorJob) { unsafe loop.suspended(UnownedJob(job)) }
}

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
      unsafe suspending = record
      await suspender.suspend()
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
    unsafe record.pointee.task = asyncio_current_task()
    if namesTasks { waits.taskNames[id.index] = Task.name }
    if unsafe record.pointee.state == .armed {
      unsafe suspending = record
      await suspender.suspend()
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

  /// Lets every other ready task run once.
  @inline(__always)
  package nonisolated(nonsending) func yield() async {
    await suspender.suspend()
  }

  /// Called by the suspender executor, on the thread of the task that is being suspended.
  @inline(__always)
  func suspended(_ job: UnownedJob) {
    let item = ReadyItem(job, runningKind)
    if let record = unsafe suspending {
      unsafe suspending = nil
      unsafe record.pointee.item = item
      unsafe record.pointee.state = .suspended
    } else {
      ready.append(item)
    }
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
