// SPDX-License-Identifier: Apache-2.0
// The wait of a task in a line that does not belong to a loop: at a lock, a queue, a future. Any thread may use those,
// so their state is behind a mutex. A wait begins, is granted its request, and leaves within sections of that mutex.
//
// Nothing is granted to a task that is gone. Within its section the state *claims* a wait before it grants it
// something, and passes over a wait that is over. Only the thread of the wait's own loop can tell that it is over. But
// that thread is certain: until it has resumed what it has claimed, it does nothing else that could end the wait.
// Another thread always gets the claim, and a task that is cancelled in between finds its grant when it leaves the
// line. So a grant is never taken back after the mutex was released, when others may have seen it.
//
// To wait is one asynchronous call, that of `suspend`. It takes 20 of the 160 ns for an item that two tasks pass
// through a queue (Swift 6.3.1, x86_64). For that, `wait` is inlined into its caller, in any module that is specialized
// for users' items. The steps around the suspension are functions that it calls.
//
// Benchmark: queue.

import CSwiftRuntime

/// The wait of a task in a line.
@safe @usableFromInline package struct LineWait: LineWaiter {
  // Safety: used by the waiting task, and by code that finds it in the line, behind the mutex that the task needs to
  // leave. A loop with a wait on it is kept, see `EventLoop.close`.
  private let loop: Unmanaged<EventLoop>
  private let id: WaitID

  /// Announces a wait of the calling task; nil without a loop. Follow it with exactly one `wait`, without a suspension
  /// in between.
  package static func begin(_ reason: WaitReason) -> LineWait? {
    var wait: LineWait?
    _ = EventLoop.withLoopOfThisThread { loop in
      unsafe wait = LineWait(loop: Unmanaged.passUnretained(loop), id: loop.beginWait(reason))
      return true
    }
    return wait
  }

  /// Claims the right to end the wait, to be used at once by the calling thread. Nil if the task was cancelled before,
  /// as far as this thread can tell.
  @usableFromInline package func claim() -> Claim? {
    unsafe loop._withUnsafeGuaranteedRef { loop in
      if !loop.isCurrent { return Claim(loop: loop, id: id) }
      return loop.isOver(id) ? nil : Claim(loop: nil, id: id)
    }
  }

  @usableFromInline package var claimOfAnyone: Claim {
    unsafe loop._withUnsafeGuaranteedRef { loop in Claim(loop: loop.isCurrent ? nil : loop, id: id) }
  }

  /// Suspends the calling task until the wait is ended or the task cancelled.
  @inlinable @inline(__always) package nonisolated(nonsending) func wait() async {
    let (handler, isOver) = unsafe prepare()
    if !isOver { await suspendTask() }
    if unsafe finish(handler) { await EventLoop.letOthersRunUninterrupted() }
  }

  /// Suspends the calling task until the wait is ended, the task cancelled, or the time of the loop's clock reached.
  package nonisolated(nonsending) func wait(until deadline: EventLoop.Instant?) async -> WaitOutcome {
    let loop = unsafe loop.takeUnretainedValue()
    return await loop.wait(id, until: deadline?.nanoseconds ?? .max)
  }

  /// Suspends the calling task until the wait is ended, even if the task is cancelled.
  package nonisolated(nonsending) func waitUninterrupted() async {
    let loop = unsafe loop.takeUnretainedValue()
    await loop.waitUninterrupted(id)
  }

  /// The error to throw if the task was cancelled.
  @usableFromInline package var cancellation: any Error { unsafe loop._withUnsafeGuaranteedRef { $0.cancellation } }

  /// Registers the wait for the cancellation of the calling task, and returns whether the wait is already over. If not,
  /// the wait has the task's job, and the task must be suspended now.
  @usableFromInline func prepare() -> (handler: UnsafeMutableRawPointer?, isOver: Bool) {
    unsafe loop._withUnsafeGuaranteedRef { loop in
      guard let task = unsafe asyncio_current_task() else { preconditionFailure("only a task can wait") }
      let record = unsafe loop.waits[id.index]
      unsafe record.pointee.task = task
      if loop.namesTasks { loop.waits.taskNames[id.index] = Task.name }
      guard let handler = unsafe asyncio_add_cancellation_handler(record) else {
        loop.cancelWait(id)
        return (nil, true)
      }
      guard unsafe record.pointee.state == .armed else { return unsafe (handler, true) }
      unsafe loop.keep(task, for: record)
      return unsafe (handler, false)
    }
  }

  /// Whether others have to run first: waits of a task that was cancelled before spend its budget, see
  /// `EventLoop.wait`.
  @usableFromInline func finish(_ handler: UnsafeMutableRawPointer?) -> Bool {
    if let handler = unsafe handler { unsafe asyncio_remove_cancellation_handler(handler) }
    unsafe loop._withUnsafeGuaranteedRef { loop in
      if loop.isCurrent { _ = unsafe loop.finishWait(loop.waits[id.index]) } else { finishElsewhere(loop) }
    }
    return unsafe handler == nil && EventLoop.hasSpentBudget()
  }

  /// Finishes a wait whose task continues on another loop's thread, see `EventLoop.isCurrent(for:)`.
  private func finishElsewhere(_ loop: EventLoop) {
    loop.postFromAnywhere { [id] in _ = unsafe $0.finishWait($0.waits[id.index]) }
  }

  /// The right to end a wait.
  @usableFromInline package struct Claim: Sendable {
    /// Nil for the loop of the thread with the claim. Another loop may end before it is told, if its task is cancelled
    /// and leaves with its grant. So this reference is counted.
    fileprivate let loop: EventLoop?
    fileprivate let id: WaitID

    /// Ends the wait. On the thread that has claimed it, and after the mutex was released.
    @usableFromInline package func resume() {
      if let loop { return loop.postFromAnywhere { [id] in $0.resume(id) } }
      _ = EventLoop.withLoopOfThisThread { $0.resume(id) }
    }
  }
}

extension Few<LineWait.Claim> {
  /// Ends the waits, in the order in which they were claimed.
  @inlinable package func resume() { forEach { $0.resume() } }
}

extension EventLoop {
  fileprivate func isOver(_ id: WaitID) -> Bool {
    guard let record = unsafe waits.record(id) else { return true }
    return unsafe record.pointee.state == .resumed
  }
}
