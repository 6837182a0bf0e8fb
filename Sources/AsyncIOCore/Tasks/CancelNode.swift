// SPDX-License-Identifier: Apache-2.0
// A chain, from the inside out, of everything that may cancel the running code: a time limit, the one around it, the
// group, the task. Each link is a Swift task of its own. Only a Swift task can be cancelled so that all code notices,
// foreign code and the standard library's sleep included. Swift's cancellation cannot be withdrawn (SE-0504 comes with
// 6.4). So code that is to continue after its time limit has to run in a task of its own.
//
// The chain is a task-local value: Swift's own child tasks inherit it, and a task that this library creates begins a
// new one. The runtime carries a cancellation inwards; the chain gives the reason and the deadline.
//
// Callable from any thread. A node's state is behind a mutex, and nothing is called while it is held: cancelling a task
// runs handlers.

import CSwiftRuntime
import Synchronization

package class CancelNode: @unchecked Sendable {
  // Sendable: the state is behind its mutex; a subclass is responsible for its own.

  /// The innermost node around the running code.
  @TaskLocal package static var current: CancelNode?

  private struct State: Sendable {
    var reason: CancelReason?
    var deadline: EventLoop.Instant?
    var task: SwiftTask?
    var owner: AnyTaskHandle?
    /// A node that runs within this one, for reports. If there are several, the last that began.
    var inner: CancelNode?
    /// Whether the outer node was cancelled, perhaps before this node had a task to cancel.
    var wasForwarded = false
    var isOver = false
  }

  /// The outer node; nil for a task.
  package let parent: CancelNode?
  /// Whether it is, or is within, a body that runs to its end despite any cancellation.
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

  /// Makes this the innermost node of the current task, until `unbind`, which must come in the same function.
  @inline(__always)
  package func bind() {
    var value: CancelNode? = self
    let key = unsafe Unmanaged.passUnretained(CancelNode.$current).toOpaque()
    let type = unsafe unsafeBitCast((CancelNode?).self as Any.Type, to: UnsafeRawPointer.self)
    // Safety: the push takes over the reference that it is given here. Push and pop are balanced, and allocations of
    // the task between them are freed by then.
    unsafe _ = Unmanaged.passRetained(self)
    unsafe withUnsafeMutablePointer(to: &value) { unsafe swift_task_localValuePush(key, $0, type) }
  }

  @inline(__always)
  package static func unbind() { swift_task_localValuePop() }

  /// The task that the code in here belongs to, if this node cancels another one: a scope's code belongs to its
  /// caller's task. Nil for a task.
  var identity: TaskIdentity? { caller }

  // MARK: - Its life

  /// Attaches the task that this node cancels. Both its creator and the task itself call this; the first call counts.
  package func attach(_ task: SwiftTask, owner: AnyTaskHandle? = nil) {
    let isCancelled = state.withLock { state in
      if state.isOver { return false }
      if state.task == nil { state.task = task }
      if let owner { state.owner = owner }
      return state.reason != nil || state.wasForwarded
    }
    if isCancelled { task.cancel() }
  }

  /// Detaches the task at its end, which ends the reference cycle between node and task. Returns the task's handle if
  /// it has one.
  @discardableResult
  package func end() -> AnyTaskHandle? {
    // Released outside of the mutex.
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

  /// Cancels the task with a reason. The first reason stands. Returns false if the task is over.
  @discardableResult
  package func cancel(_ reason: CancelReason) -> Bool {
    let (task, isOver) = state.withLock { state in
      if !state.isOver && state.reason == nil { state.reason = reason }
      return (state.task, state.isOver)
    }
    task?.cancel()
    return !isOver
  }

  /// The node's own reason; nil if another node was cancelled, or none.
  package var ownReason: CancelReason? { state.withLock { $0.reason } }

  /// Carries the outer node's cancellation inwards where the runtime does not; the reason stays at the outer node. A
  /// task that does not exist yet is cancelled from its start.
  package func forwardCancellation() {
    let task = state.withLock { state in
      state.wasForwarded = true
      return state.task
    }
    task?.cancel()
  }

  /// Whether the calling task is cancelled: `Task.isCancelled` without a reference to the task.
  package static var isCallerCancelled: Bool {
    guard let task = unsafe asyncio_current_task() else { return false }
    return unsafe asyncio_task_is_cancelled(task)
  }

  /// Whether its task is cancelled, by any means.
  package var isTaskCancelled: Bool { state.withLock { $0.task }?.isCancelled ?? false }

  // MARK: - The chain

  package var deadline: EventLoop.Instant? {
    get { state.withLock { $0.deadline } }
    set { state.withLock { if !$0.isOver && $0.reason == nil { $0.deadline = newValue } } }
  }

  /// The deadline, while there is a task to cancel.
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

  /// The innermost reason for which the code in here is cancelled.
  package var effectiveReason: CancelReason? {
    var reason: CancelReason?
    forEachOutwards { node in if reason == nil { reason = node.ownReason } }
    return reason
  }

  /// The task of this library that this node belongs to.
  package var owner: AnyTaskHandle? {
    var owner: AnyTaskHandle?
    forEachOutwards { node in if owner == nil { owner = node.ownOwner } }
    return owner
  }

  private var ownOwner: AnyTaskHandle? {
    if let owner = state.withLock({ $0.owner }) { return owner }
    guard let made = makeOwner() else { return nil }
    // Another thread may have made it first.
    return state.withLock { state in
      if state.owner == nil && !state.isOver { state.owner = made }
      return state.owner
    }
  }

  /// Makes the handle of a task that gets one only on request.
  func makeOwner() -> AnyTaskHandle? { nil }

  /// Whether the calling code is this node's own task, and not one that Swift started from it.
  package var isOwnTask: Bool { state.withLock { $0.task }?.isCurrent ?? false }

  /// Whether this is, or is within, a node of that task, which then ends after it. A shielded node names its task too,
  /// although it has no outward link.
  package func isWithin(_ task: AnyTaskHandle) -> Bool {
    var found = false
    forEachOutwards { node in if node.state.withLock({ $0.owner }) === task { found = true } }
    return found
  }

  /// The tasks in which this node's code may wait, from the outside in; for reports.
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

  /// Whether the runtime's task at this address is one of them.
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

/// The earliest deadline of the time limits around the calling code; nil without a limit. trio's
/// `current_effective_deadline`.
///
/// ```swift
/// try await withTimeout(.seconds(5)) {
///   let left = currentDeadline.map { EventLoop.current.time.duration(to: $0) }
///   print("there are \(left ?? .zero) left for all of this")
/// }
/// ```
///
/// Child tasks and scopes inherit it. A task of `createTask` has a new chain, without deadlines. Swift's `Task { }`
/// copies task-local values. So it sees its creator's limits while the creator's scope lasts, but they don't cancel it;
/// later it sees none.
public var currentDeadline: EventLoop.Instant? { CancelNode.current?.effectiveDeadline }

/// Why the calling code is cancelled; nil if it is not.
///
/// It is the innermost reason. If a time limit ran out within a task that was cancelled too, it is the time limit.
public var currentCancelReason: CancelReason? {
  guard Task.isCancelled else { return nil }
  return CancelNode.current?.effectiveReason ?? CancelReason(.unspecified)
}
