// SPDX-License-Identifier: Apache-2.0
// A task without its result: its name, where it was created, how to cancel it. A task is a Swift `Task` with this
// object beside it. Swift's own has no list of tasks and no reason for a cancellation, and drops errors.

import Synchronization

/// A task of `createTask`, a task scope, or `EventLoop.run`, without its result; asyncio's `Task`. `TaskHandle` adds
/// the result.
///
/// ```swift
/// for task in allTasks {
///   print(task.name, task.createdAt, task.waitsFor ?? "runs")
/// }
/// ```
///
/// All members may be used from any thread.
open class AnyTaskHandle: @unchecked Sendable, CustomStringConvertible {
  // Sendable: immutable, or behind a mutex; `place` is behind the registry's. The task writes `failure` before it
  // settles, and only code that has seen the settlement reads it.
  private static let created = Atomic<Int>(0)

  /// The task's number, unique in the process.
  public final let id: Int
  /// The loop that lists the task.
  package final let loop: EventLoop
  package final let node: CancelNode
  package final let settlement = Settlement()
  private let file: StaticString
  private let line: UInt
  private let givenName: Mutex<String?>
  private let describe: (@Sendable () -> String)?
  private final var failure: (any Error)?
  /// The task's index in the registry.
  final var place = -1

  /// - Parameter describe: Makes the task's name until it gets another. Names made for many tasks but rarely read are
  ///   not worth their memory.
  package init(
    name: String?, loop: EventLoop, parent: CancelNode? = nil, file: StaticString, line: UInt,
    describe: (@Sendable () -> String)? = nil
  ) {
    self.describe = describe
    id = Self.created.add(1, ordering: .relaxed).newValue
    self.loop = loop
    node = CancelNode(parent: parent)
    self.file = file
    self.line = line
    givenName = Mutex(name)
  }

  /// Makes the handle of a task that had none so far.
  init(of node: CancelNode, id: Int, loop: EventLoop, file: StaticString, line: UInt) {
    describe = nil
    self.id = id
    self.loop = loop
    self.node = node
    self.file = file
    self.line = line
    givenName = Mutex(nil)
  }

  /// Reserves numbers, and returns the first.
  static func reserveIDs(_ count: Int) -> Int { created.add(count, ordering: .relaxed).oldValue + 1 }

  /// The given name, or else `Task-` and its number; asyncio's `get_name` and `set_name`.
  public final var name: String {
    get { givenName.withLock { $0 } ?? describe?() ?? "Task-\(id)" }
    set { givenName.withLock { $0 = newValue } }
  }

  /// Whether it is the task of a server's connection, which belongs to the server.
  final var isConnections: Bool { describe != nil }

  /// Where it was created: `App/Crawler.swift:12`.
  public final var createdAt: String { "\(file):\(line)" }

  /// Whether it has ended; asyncio's `done`.
  public final var isDone: Bool { settlement.phase != .pending }

  /// Whether it ended with a `CancellationError`; asyncio's `cancelled`.
  public final var isCancelled: Bool { settlement.phase == .cancelled }

  /// Cancels the task; asyncio's `cancel`. From now on until the task ends, its waits throw `CancellationError`. A task
  /// that has not started yet does start, and is cancelled at its first wait.
  ///
  /// - Parameter reason: The message of `currentCancelReason` within the task. The first cancellation's reason stands.
  /// - Returns: False if the task has already ended; then this does nothing.
  @discardableResult
  public final func cancel(_ reason: String = "") -> Bool { node.cancel(CancelReason(.requested, reason)) }

  /// Cancels the task for another kind of reason.
  @discardableResult
  package final func cancel(_ reason: CancelReason) -> Bool { node.cancel(reason) }

  /// Why it was cancelled; nil if it was not, or only by Swift's own `Task.cancel()`.
  public final var cancelReason: CancelReason? { node.ownReason }

  /// What the task waits for now: `sleep`, `get from a queue`. It is nil while the task runs, is ready to run, or waits
  /// for something outside this library. It is also nil on threads other than the loop's.
  public final var waitsFor: String? {
    guard loop.isCurrent else { return nil }
    for task in node.tasksWithin.reversed() {
      if let reason = loop.waitReason(of: task) { return reason.description }
    }
    return nil
  }

  /// The task's name, where it was created, and its state.
  public var description: String {
    let state = isDone ? (isCancelled ? "cancelled" : "done") : waitsFor.map { "waits: \($0)" } ?? "pending"
    return "task \"\(name)\" (\(state), created at \(createdAt))"
  }

  /// Calls back in a turn after the task has ended, on the loop of the caller; asyncio's `add_done_callback`. If the
  /// task has already ended, that is the next turn. Callbacks come in the order of these calls, with the task-local
  /// values of the place where they were added.
  public final func addDoneCallback(_ callback: @escaping @Sendable (AnyTaskHandle) -> Void) {
    settlement.addCallback { callback(self) }
  }

  /// The error that the task failed with; nil if it has not ended, or ended otherwise; asyncio's `exception`. Reading
  /// it counts as having seen the error.
  public final var error: (any Error)? {
    guard settlement.phase == .failed else { return nil }
    settlement.markRetrieved()
    return failure
  }

  /// Notes that the task is about to end with an error, and returns the phase to end in.
  package final func ended(by error: any Error) -> SettlementPhase {
    if error is CancellationError { return .cancelled }
    failure = error
    return .failed
  }

  // MARK: - Its life

  /// Starts the task. The work runs in the given isolation; it keeps its result itself and returns how it ended.
  package final func start(
    eagerly: Bool, isolation: isolated (any Actor)?, _ work: @escaping () async -> SettlementPhase
  ) {
    loop.tasks.insert(self)
    let task = loop.spawn(name: givenName.withLock { $0 }, immediately: eagerly, isolation: isolation) {
      _ = isolation
      self.begin()
      self.end(await work())
    }
    node.attach(SwiftTask(task), owner: self)
  }

  /// Starts the task outside of actors. The work calls `begin` and `end` itself: this saves a frame in tasks that wait
  /// by the ten thousand.
  @inline(__always)
  package final func startOwn(_ work: sending @escaping @isolated(any) () async -> Void) {
    loop.tasks.insert(self)
    node.attach(SwiftTask(loop.spawn(isolation: nil, work)), owner: self)
  }

  /// Makes the current Swift task this one.
  package final func begin() {
    if let task = SwiftTask() { node.attach(task, owner: self) }
    node.bind()
  }

  /// Notes that the task has ended in this phase.
  package final func end(_ phase: SettlementPhase) {
    CancelNode.unbind()
    loop.tasks.remove(self)
    node.end()
    settlement.finish(phase)
    loop.taskHasEnded()
  }

  /// Notes the end of a task that had no handle for a while, and so is not in the registry; its node has ended.
  final func end(by error: (any Error)?) {
    settlement.finish(error.map(ended) ?? .succeeded)
  }
}

extension AnyTaskHandle: WaitObject {
  package var waitDescription: String { "task \"\(name)\"" }
}

/// The task that the calling code belongs to; asyncio's `current_task`. Nil outside of this library's tasks.
///
/// Swift's own tasks (`async let`, task groups, `Task {}`) have no handle: code in them belongs to the task that
/// started them, while that runs.
public var currentTask: AnyTaskHandle? { CancelNode.current?.owner }

/// The tasks of the current loop that have not ended, in the order of their creation; asyncio's `all_tasks`. Only this
/// library's tasks are listed, not Swift's own.
public var allTasks: [AnyTaskHandle] { EventLoop.current.allTasks }

extension EventLoop {
  /// The tasks of this loop that have not ended, in the order of their creation. Callable from any thread.
  public var allTasks: [AnyTaskHandle] { tasks.all }
}
