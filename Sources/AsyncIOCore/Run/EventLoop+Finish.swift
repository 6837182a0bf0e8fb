// SPDX-License-Identifier: Apache-2.0
// The end of a run: every task that still waits on the loop is cancelled and given the time to clean up, then what the
// loop itself has in flight is ended.
//
// The runtime keeps no list of its tasks, so the loop can reach those of this library, and those that wait on it: in one
// of the library's waits, or in `Task.sleep`. A task that waits for one of them is reached through it. Another that waits
// for something outside, such as a foreign callback, is not, and nobody waits for it. A task of this library is waited
// for wherever it is, on another actor's executor for example: its clean-up is not over while it is there.

import CSwiftRuntime
import Synchronization

extension EventLoop {
  /// How long leftover tasks may take to clean up, and so how long a program can seem to hang after its work is done.
  private static var patience: Int64 { 10_000_000_000 }

  /// - Parameter othersHaveEnded: Whether the loops have that run with this one and may still need it, for what is the
  ///   main actor's; whoever ends wakes this.
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
      // Of a task of Swift's own nobody can tell whether it is a child of something shielded: not before that has ended.
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

  /// Whether the run is over: what is started now may never be cancelled.
  package var isEnding: Bool { isFinishing.load(ordering: .sequentiallyConsistent) }

  /// Names what still has operations in flight when the loop ends.
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

  /// A task of this loop is no longer among its tasks. From any thread.
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

  /// A body begins, or has ended, that the end of the loop does not cancel, nor what it waits for. From any thread.
  package func countShieldedBody(_ change: Int) {
    if isCurrent { shieldedBodies += change } else { postFromAnywhere { $0.shieldedBodies += change } }
  }

  /// The tasks that wait on this loop, for reports. On the loop's thread.
  package func waitingTasks() -> [WaitingTask] {
    var waiting: [WaitingTask] = []
    let now = backend.now
    // Tasks of this library have names of their own.
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

/// How often cancelled tasks have begun a wait, which ends at once. A task that is cancelled has a clean-up with a few of
/// them; one that has thousands, in a loop that drops what its waits throw, never ends. In real time it is given ten
/// seconds. Virtual time doesn't pass while it is so busy, and there they are counted.
struct RefusedWaits {
  private let limit: Int
  private var count = 0
  /// The task that began the last one of all.
  fileprivate(set) var last = ""

  init(limit: Int = .max) { self.limit = limit }

  var areTooMany: Bool { count >= limit }

  /// Whether the task is to be named.
  mutating func begin() -> Bool {
    count &+= 1
    return count == limit
  }
}

extension EventLoop {
  /// A cancelled task has begun a wait. Called by that task.
  func countRefusedWait(_ id: WaitID) {
    guard refusedWaits.begin() else { return }
    let reason = unsafe waits[id.index].pointee.reason
    let task = currentTask.map { "task \"\($0.name)\" (created at \($0.createdAt))" }
    refusedWaits.last = "\(task ?? Task.name.map { "task \"\($0)\"" } ?? "a task") waits: \(reason)"
  }

  /// What a task waits for on this loop. On the loop's thread.
  func waitReason(of task: SwiftTask) -> WaitReason? {
    var reason: WaitReason?
    unsafe waits.forEachWaiting { record in
      if unsafe record.pointee.task == task.address { reason = unsafe record.pointee.reason }
    }
    return reason
  }
}

/// A task that is suspended, as a report shows it.
package struct WaitingTask: CustomStringConvertible {
  package let name: String?
  package let reason: String
  package let since: Duration

  package var description: String { "\(name.map { "task \"\($0)\"" } ?? "a task") waits: \(reason) (\(since))" }
}
