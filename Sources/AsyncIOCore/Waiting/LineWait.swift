// SPDX-License-Identifier: Apache-2.0
// The wait of a task in a line that is not a loop's own: at a lock, a queue, a future. Those may be used from any thread,
// so they keep their state behind a mutex, and a wait begins, is granted what it is for, and leaves within its sections.
//
// Nothing is granted to a task that is gone. Within its section the state *claims* a wait before it grants it something,
// and passes over one that is over. Only the thread of the wait's own loop can tell that it is; but then it is certain:
// until that thread has resumed what it has claimed, it does nothing else that could end the wait. From another thread
// the claim is always had, and a task that is cancelled in between finds what it was granted when it leaves the line.
// So nothing is taken back after the mutex was let go, when others may have seen it gone.
//
// To wait is one asynchronous call, that of `suspend`: 20 ns of 160 for an item that two tasks pass through a queue
// (Swift 6.3.1, x86_64; `make bench`, case queue). For that `wait` becomes part of its caller, in whatever module that is
// specialized for the items that users have, and the steps around the suspension are functions that it calls.

import CSwiftRuntime

/// The wait of a task that stands in a line.
@safe @usableFromInline package struct LineWait: LineWaiter {
  // Safety: it is used by the task that waits, and by code that finds it in the line, behind the mutex without which
  // the task cannot leave. A loop with a wait on it is kept, see `EventLoop.close`.
  private let loop: Unmanaged<EventLoop>
  private let id: WaitID

  /// Announces a wait of the calling task; nil where no loop runs. Follow it with exactly one `wait`, without a
  /// suspension in between.
  package static func begin(_ reason: WaitReason) -> LineWait? {
    var wait: LineWait?
    _ = EventLoop.withLoopOfThisThread { loop in
      unsafe wait = LineWait(loop: Unmanaged.passUnretained(loop), id: loop.beginWait(reason))
      return true
    }
    return wait
  }

  /// The right to end the wait, to be used at once by the thread that asks for it; nil if the task was cancelled before,
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

  /// Suspends the calling task until the wait is ended, or the task cancelled.
  @inlinable @inline(__always) package nonisolated(nonsending) func wait() async {
    let (handler, suspender) = unsafe prepare()
    if let suspender { await suspender.suspend() }
    if unsafe finish(handler) { await EventLoop.letOthersRunUninterrupted() }
  }

  /// The same until a time of the loop's clock at the latest.
  package nonisolated(nonsending) func wait(until deadline: EventLoop.Instant?) async -> WaitOutcome {
    let loop = unsafe loop.takeUnretainedValue()
    return await loop.wait(id, until: deadline?.nanoseconds ?? .max)
  }

  /// The same, whatever happens to the task.
  package nonisolated(nonsending) func waitUninterrupted() async {
    let loop = unsafe loop.takeUnretainedValue()
    await loop.waitUninterrupted(id)
  }

  /// What to throw if the task was cancelled.
  @usableFromInline package var cancellation: any Error { unsafe loop._withUnsafeGuaranteedRef { $0.cancellation } }

  /// Lets a cancellation of the calling task end the wait, and returns where to suspend: the next suspension belongs to
  /// the wait. Nil if it is over already, or the task was cancelled before.
  @usableFromInline func prepare() -> (handler: UnsafeMutableRawPointer?, suspender: Suspender?) {
    unsafe loop._withUnsafeGuaranteedRef { loop in
      guard let task = unsafe asyncio_current_task() else { preconditionFailure("only a task can wait") }
      let record = unsafe loop.waits[id.index]
      unsafe record.pointee.task = task
      if loop.namesTasks { loop.waits.taskNames[id.index] = Task.name }
      guard let handler = unsafe asyncio_add_cancellation_handler(record) else {
        loop.cancelWait(id)
        return (nil, nil)
      }
      guard unsafe record.pointee.state == .armed else { return unsafe (handler, nil) }
      unsafe loop.suspending = record
      return unsafe (handler, loop.suspender)
    }
  }

  /// Whether others are to run first: the waits of a task that was cancelled before spend its budget, see
  /// `EventLoop.wait`.
  @usableFromInline func finish(_ handler: UnsafeMutableRawPointer?) -> Bool {
    if let handler = unsafe handler { unsafe asyncio_remove_cancellation_handler(handler) }
    unsafe loop._withUnsafeGuaranteedRef { loop in
      if loop.isCurrent { _ = unsafe loop.finishWait(loop.waits[id.index]) } else { finishElsewhere(loop) }
    }
    return unsafe handler == nil && EventLoop.hasSpentBudget()
  }

  /// The task goes on on the thread of another loop, see `EventLoop.isCurrent(for:)`.
  private func finishElsewhere(_ loop: EventLoop) {
    loop.postFromAnywhere { [id] in _ = unsafe $0.finishWait($0.waits[id.index]) }
  }

  /// The right to end a wait.
  @usableFromInline package struct Claim: Sendable {
    /// Nil if it is the loop of the thread that has the claim. Another one may end before it is told, if its task is
    /// cancelled and leaves with what it was granted: so this reference counts.
    fileprivate let loop: EventLoop?
    fileprivate let id: WaitID

    /// Ends the wait. On the thread that has claimed it, and after the mutex was let go.
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
