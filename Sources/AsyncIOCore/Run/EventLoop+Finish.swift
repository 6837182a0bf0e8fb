// SPDX-License-Identifier: Apache-2.0
// The end of a run: every task that still waits on the loop is cancelled and gets time to clean up. Then the loop's own
// operations in flight are ended.
//
// The runtime keeps no list of its tasks. So the loop can reach this library's tasks, and those that wait on it: in one
// of the library's waits, or in `Task.sleep`. A task that waits for such a task is reached through it. One that waits
// for something outside, such as a foreign callback, is not reached, and the loop does not wait for it. The loop waits
// for this library's tasks wherever they are, for example on another actor's executor: their clean-up is not over until
// they end.

import CSwiftRuntime
import Synchronization

extension EventLoop {
  /// How long leftover tasks may clean up, and so how long a program can seem to hang after its work.
  private static var patience: Int64 { 10_000_000_000 }

  /// - Parameter othersHaveEnded: Whether the other loops of this run have ended. Until then they may need this loop
  ///   for main-actor work. A loop that ends wakes this one.
  package func finish(othersHaveEnded: () -> Bool = { true }) {
    stopRequested = false
    whenFinishing?(self)
    whenFinishing = nil
    isFinishing.store(true, ordering: .sequentiallyConsistent)
    let giveUp = deadline(after: EventLoop.patience)
    let alarm = timers.insert(deadline: giveUp, .call(TimerHandle(when: Instant(nanoseconds: giveUp)) {}))
    for task in allTasks where !task.node.isShielded { task.cancel(CancelReason(.loopEnded)) }
    refusedWaits = RefusedWaits(limit: backend.kind == .virtual ? 10_000 + 1000 * (tasks.count + waits.count) : .max)
    while (hasTasks || !othersHaveEnded()) && backend.now < giveUp && !refusedWaits.areTooMany {
      // A plain Swift task may be a child of a shielded body, and we cannot tell. So wait for shielded bodies first.
      if shieldedBodies == 0 { cancelWaitingTasks() }
      turn()
    }
    if refusedWaits.areTooMany {
      callExceptionHandler(
        ExceptionContext(
          message: "a task was cancelled at the end of the loop, and waits again and again instead of ending: "
            + refusedWaits.last))
    } else if backend.now >= giveUp && hasTasks {
      let elsewhere = allTasks.filter { $0.waitsFor == nil }.map(\.description)
      callExceptionHandler(
        ExceptionContext(
          message: "tasks were still running 10 s after they were cancelled at the end of the loop: "
            + (waitingTasks().map(\.description) + elsewhere).joined(separator: "; ")))
    }
    leaveFunctionsOnThreads(until: giveUp)
    attachments.removeAll()
    if DebugMode.isOn { reportUnclosed() }
    endOperations(until: giveUp)
    endDependents()
    endOperations(until: giveUp)
    timers.cancel(alarm)
  }

  private func endOperations(until giveUp: Int64) {
    operations.forEachInFlight { cancel($0) }
    while operations.inFlight > 0 && backend.now < giveUp { turn() }
  }

  /// Whether the run is over, so that tasks started now may never be cancelled.
  package var isEnding: Bool { isFinishing.load(ordering: .sequentiallyConsistent) }

  /// Reports objects that still have operations in flight when the loop ends.
  private func reportUnclosed() {
    var reported: Set<ObjectIdentifier> = []
    operations.forEachInFlight { id in
      guard let sink = unsafe operations.record(id)?.pointee.sink as? any WaitObject else { return }
      guard reported.insert(ObjectIdentifier(sink)).inserted else { return }
      DebugMode.log("\(sink.waitDescription) was not closed before the end of the loop")
    }
  }

  private var hasTasks: Bool {
    if !ready.isEmpty || waits.count > 0 || !inbox.isEmpty || !tasks.isEmpty { return true }
    var sleeps = false
    timers.forEachWaiting { _, action in
      if case .run(_, let sleeper?) = action, !sleeper.isCancelled { sleeps = true }
    }
    return sleeps
  }

  /// Notes that a task of this loop was removed from its registry. Callable from any thread.
  func taskHasEnded() {
    if !isCurrent && isFinishing.load(ordering: .sequentiallyConsistent) { postFromAnywhere { _ in } }
  }

  /// Cancels every task that waits on this loop.
  package func cancelWaitingTasks() {
    var tasks: [UnsafeMutableRawPointer] = unsafe []
    unsafe waits.forEachWaiting { record in
      if let task = unsafe record.pointee.task { unsafe tasks.append(task) }
    }
    var sleepers: [SwiftTask] = []
    timers.forEachWaiting { _, action in
      if case .run(_, let sleeper?) = action { sleepers.append(sleeper) }
    }
    for sleeper in sleepers where !sleeper.isCancelled { sleeper.cancel() }
    // Safety: each is suspended on this loop, whose thread this is, so none can go away in here.
    unsafe tasks.forEach { task in
      if unsafe !asyncio_task_is_cancelled(task) { unsafe asyncio_cancel_task(task) }
    }
  }

  /// Counts bodies that the loop's end does not cancel, nor their waits: +1 at their start, -1 at their end. Callable
  /// from any thread.
  package func countShieldedBody(_ change: Int) {
    if isCurrent { shieldedBodies += change } else { postFromAnywhere { $0.shieldedBodies += change } }
  }

  /// The tasks that wait on this loop, for reports. On the loop's thread.
  package func waitingTasks() -> [WaitingTask] {
    var waiting: [WaitingTask] = []
    let now = backend.now
    // This library's tasks have names of their own.
    var names: [UnsafeMutableRawPointer: String] = unsafe [:]
    for task in allTasks { for own in task.node.tasksWithin { unsafe names[own.address] = task.name } }
    unsafe waits.forEachWaiting { record in
      waiting.append(
        WaitingTask(
          name: unsafe waits.taskNames[record.pointee.index] ?? record.pointee.task.flatMap { unsafe names[$0] },
          reason: unsafe record.pointee.reason.description,
          since: .nanoseconds(unsafe now - record.pointee.since)))
    }
    timers.forEachWaiting { deadline, action in
      if case .run(_, let sleeper?) = action, !sleeper.isCancelled {
        waiting.append(WaitingTask(name: nil, reason: "Task.sleep", since: .zero))
      }
    }
    return waiting
  }
}

/// Counts the waits that cancelled tasks begin, which end at once. A cancelled task begins a few of them in its
/// clean-up. One that begins thousands, in a loop that drops its waits' errors, never ends. In real time it has ten
/// seconds. Virtual time doesn't pass while it is so busy, so there the waits are counted.
struct RefusedWaits {
  private let limit: Int
  private var count = 0
  /// The task that began the latest of these waits.
  fileprivate(set) var last = ""

  init(limit: Int = .max) { self.limit = limit }

  var areTooMany: Bool { count >= limit }

  /// Counts a wait, and returns whether the task is to be named.
  mutating func begin() -> Bool {
    count &+= 1
    return count == limit
  }
}

extension EventLoop {
  /// Counts a wait that a cancelled task begins; called by that task.
  func countRefusedWait(_ id: WaitID) {
    guard refusedWaits.begin() else { return }
    let reason = unsafe waits[id.index].pointee.reason
    let task = currentTask.map { "task \"\($0.name)\" (created at \($0.createdAt))" }
    refusedWaits.last = "\(task ?? Task.name.map { "task \"\($0)\"" } ?? "a task") waits: \(reason)"
  }

  /// The reason of a task's wait on this loop; nil if it does not wait. On the loop's thread.
  func waitReason(of task: SwiftTask) -> WaitReason? {
    var reason: WaitReason?
    unsafe waits.forEachWaiting { record in
      if unsafe record.pointee.task == task.address { reason = unsafe record.pointee.reason }
    }
    return reason
  }
}

/// A suspended task, for reports.
package struct WaitingTask: CustomStringConvertible {
  package let name: String?
  package let reason: String
  package let since: Duration

  package var description: String { "\(name.map { "task \"\($0)\"" } ?? "a task") waits: \(reason) (\(since))" }
}
