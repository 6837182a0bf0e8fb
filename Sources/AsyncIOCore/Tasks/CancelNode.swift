// SPDX-License-Identifier: Apache-2.0
// What may cancel the code that runs now, as a chain from the inside out: a time limit, the one around it, the group,
// the task. Each link is a task of Swift's own, since only those can be cancelled so that everything notices, foreign
// code and the standard library's sleep included; Swift's cancellation cannot be withdrawn (SE-0504 comes with 6.4), so
// code that is to go on after its time limit has to run in a task of its own.
//
// The chain is a task-local value: Swift's own child tasks inherit it, and a task that this library creates begins a
// new one. The runtime carries a cancellation inwards; the chain says why, and until when.
//
// From any thread. A node's state is behind a mutex, and nobody is called while it is held: cancelling a task runs
// handlers.

import CSwiftRuntime
import Synchronization

package class CancelNode: @unchecked Sendable {
  // Sendable: the state is behind its mutex; a subclass answers for what it adds.

  /// The innermost node around the code that runs now.
  @TaskLocal package static var current: CancelNode?

  private struct State: Sendable {
    var reason: CancelReason?
    var deadline: EventLoop.Instant?
    var task: SwiftTask?
    var owner: AnyTaskHandle?
    /// A node that runs within this one. For reports; there may be several, and this is the last that began.
    var inner: CancelNode?
    /// What is around was cancelled, perhaps before there was a task to cancel.
    var wasForwarded = false
    var isOver = false
  }

  /// What is around; nil for a task.
  package let parent: CancelNode?
  /// Whether it is, or is within, what runs to its end although everything is cancelled.
  package let isShielded: Bool
  private let caller: TaskIdentity?
  private let state: Mutex<State>

  package init(
    parent: CancelNode?, deadline: EventLoop.Instant? = nil, isShield: Bool = false, caller: TaskIdentity? = nil
  ) {
    self.parent = parent
    self.caller = caller
    isShielded = isShield || parent?.isShielded == true
    state = Mutex(State(deadline: deadline))
  }

  /// Makes this the innermost node of the current task, until `unbind`, which is to come in the same function.
  @inline(__always)
  package func bind() {
    var value: CancelNode? = self
    let key = unsafe Unmanaged.passUnretained(CancelNode.$current).toOpaque()
    let type = unsafe unsafeBitCast((CancelNode?).self as Any.Type, to: UnsafeRawPointer.self)
    // Safety: the push takes a reference over, which it is given here; it and the pop are balanced, and what is
    // allocated for the task between them is gone by then.
    unsafe _ = Unmanaged.passRetained(self)
    unsafe withUnsafeMutablePointer(to: &value) { unsafe swift_task_localValuePush(key, $0, type) }
  }

  @inline(__always)
  package static func unbind() { swift_task_localValuePop() }

  /// The task that the code in here belongs to, where that is not the one that this node cancels: a scope's is its
  /// caller's. Nil for a task.
  var identity: TaskIdentity? { caller }

  // MARK: - Its life

  /// The task that this node cancels exists. Called by whoever creates it and by itself, whoever is first.
  package func attach(_ task: SwiftTask, owner: AnyTaskHandle? = nil) {
    let isCancelled = state.withLock { state in
      if state.isOver { return false }
      if state.task == nil { state.task = task }
      if let owner { state.owner = owner }
      return state.reason != nil || state.wasForwarded
    }
    if isCancelled { task.cancel() }
  }

  /// The task is over: there is nothing left to cancel, and the reference from here to the task and back ends. Returns
  /// the task's handle if there is one.
  @discardableResult
  package func end() -> AnyTaskHandle? {
    // What is dropped is dropped outside of the mutex.
    let dropped = state.withLock { state in
      let dropped = (state.task, state.owner, state.inner)
      state.isOver = true
      (state.task, state.owner, state.inner) = (nil, nil, nil)
      return dropped
    }
    return withExtendedLifetime(dropped) { dropped.1 }
  }

  package func innerBegins(_ inner: CancelNode) { state.withLock { if !$0.isOver { $0.inner = inner } } }

  package func innerEnded() { _ = state.withLock { $0.inner.take() } }

  package var isOver: Bool { state.withLock { $0.isOver } }

  // MARK: - Cancelling

  /// Cancels, and says why. The first reason stands. False if it is over already.
  @discardableResult
  package func cancel(_ reason: CancelReason) -> Bool {
    let (task, isOver) = state.withLock { state in
      if !state.isOver && state.reason == nil { state.reason = reason }
      return (state.task, state.isOver)
    }
    task?.cancel()
    return !isOver
  }

  /// The node's own reason; nil if it was not this one that was cancelled.
  package var ownReason: CancelReason? { state.withLock { $0.reason } }

  /// Carries the cancellation of what is around inwards, where the runtime does not: the reason stays there. A task
  /// that does not exist yet is cancelled from the start.
  package func forwardCancellation() {
    let task = state.withLock { state in
      state.wasForwarded = true
      return state.task
    }
    task?.cancel()
  }

  /// Whether its task is cancelled, by whatever means.
  package var isTaskCancelled: Bool { state.withLock { $0.task }?.isCancelled ?? false }

  // MARK: - The chain

  package var deadline: EventLoop.Instant? {
    get { state.withLock { $0.deadline } }
    set { state.withLock { if !$0.isOver && $0.reason == nil { $0.deadline = newValue } } }
  }

  /// The deadline, while there is something to cancel.
  package var pendingDeadline: EventLoop.Instant? {
    state.withLock { $0.isOver || $0.reason != nil ? nil : $0.deadline }
  }

  /// The earliest deadline of this node and those around it.
  package var effectiveDeadline: EventLoop.Instant? {
    var earliest: EventLoop.Instant?
    forEachOutwards { node in
      if let deadline = node.deadline, earliest.map({ deadline < $0 }) ?? true { earliest = deadline }
    }
    return earliest
  }

  /// Why the code in here is cancelled: the innermost reason there is.
  package var effectiveReason: CancelReason? {
    var reason: CancelReason?
    forEachOutwards { node in if reason == nil { reason = node.ownReason } }
    return reason
  }

  /// The task of ours that this belongs to.
  package var owner: AnyTaskHandle? {
    var owner: AnyTaskHandle?
    forEachOutwards { node in if owner == nil { owner = node.ownOwner } }
    return owner
  }

  private var ownOwner: AnyTaskHandle? {
    if let owner = state.withLock({ $0.owner }) { return owner }
    guard let made = makeOwner() else { return nil }
    // Another thread may have been quicker.
    return state.withLock { state in
      if state.owner == nil && !state.isOver { state.owner = made }
      return state.owner
    }
  }

  /// Makes the handle of a task that is given one only when somebody asks for it.
  func makeOwner() -> AnyTaskHandle? { nil }

  /// Whether the calling code is this node's own task, not one that Swift started from it.
  package var isOwnTask: Bool { state.withLock { $0.task }?.isCurrent ?? false }

  /// Whether this is, or is within, a node of that task, which then ends after it. A shielded one names its task too,
  /// although it has no link outwards.
  package func isWithin(_ task: AnyTaskHandle) -> Bool {
    var found = false
    forEachOutwards { node in if node.state.withLock({ $0.owner }) === task { found = true } }
    return found
  }

  /// The tasks in which the code of this node may be waiting, from the outside in; for reports.
  package var tasksWithin: [SwiftTask] {
    var tasks: [SwiftTask] = []
    var node: CancelNode? = self
    while let current = node {
      let (task, inner) = current.state.withLock { ($0.task, $0.inner) }
      if let task { tasks.append(task) }
      node = inner
    }
    return tasks
  }

  /// Whether the runtime's task at this address is among them.
  func contains(taskAt address: UInt64) -> Bool {
    tasksWithin.contains { unsafe UInt64(UInt(bitPattern: $0.address)) == address }
  }

  private func forEachOutwards(_ body: (CancelNode) -> Void) {
    var node: CancelNode? = self
    while let current = node {
      if !current.isOver { body(current) }
      node = current.parent
    }
  }
}

/// When the time limits around the calling code run out, at the earliest; nil if there are none. trio's
/// `current_effective_deadline`.
///
/// ```swift
/// try await withTimeout(.seconds(5)) {
///   let left = currentDeadline.map { EventLoop.current.time.duration(to: $0) }
///   print("there are \(left ?? .zero) left for all of this")
/// }
/// ```
///
/// It is inherited by child tasks and scopes. A task of `createTask` has a chain of its own, without one. Swift's
/// `Task { }` copies task-local values, so it sees its creator's limits while the creator's scope lasts, and none after
/// that; they don't cancel it.
public var currentDeadline: EventLoop.Instant? { CancelNode.current?.effectiveDeadline }

/// Why the calling code is cancelled; nil if it is not.
///
/// The innermost reason: where a time limit ran out within a task that was cancelled too, it is the time limit.
public var currentCancelReason: CancelReason? {
  guard Task.isCancelled else { return nil }
  return CancelNode.current?.effectiveReason ?? CancelReason(.unspecified)
}
