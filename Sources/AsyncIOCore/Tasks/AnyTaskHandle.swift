// SPDX-License-Identifier: Apache-2.0
// What is known of a task whatever it returns: its name, where it was created, how to cancel it. A task is a `Task` of
// Swift's with this beside it, since Swift's has no list of tasks, no reason for a cancellation, and drops errors.

import Synchronization

/// A task of `createTask`, a task scope, or `EventLoop.run`; asyncio's `Task`, whatever its result. `TaskHandle` adds
/// that.
///
/// ```swift
/// for task in allTasks {
///   print(task.name, task.createdAt, task.waitsFor ?? "runs")
/// }
/// ```
///
/// Everything here may be used from any thread.
open class AnyTaskHandle: @unchecked Sendable, CustomStringConvertible {
  // Sendable: immutable, or behind a mutex; `place` is behind the registry's; `failure` is written by the task before it
  // settles, and read only by those who have learned from the settlement that it has.
  private static let created = Atomic<Int>(0)

  /// Counts the tasks of the process.
  public final let id: Int
  /// The loop whose tasks it is among.
  package final let loop: EventLoop
  package final let node: CancelNode
  package final let settlement = Settlement()
  private let file: StaticString
  private let line: UInt
  private let givenName: Mutex<String?>
  private let describe: (@Sendable () -> String)?
  private final var failure: (any Error)?
  /// Where it stands in the registry.
  final var place = -1

  /// - Parameter describe: What the task is called as long as nobody gives it a name. Names that are made for many tasks
  ///   and read of few are not worth their memory.
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

  /// The handle of a task that has gone without one so far.
  init(of node: CancelNode, id: Int, loop: EventLoop, file: StaticString, line: UInt) {
    describe = nil
    self.id = id
    self.loop = loop
    self.node = node
    self.file = file
    self.line = line
    givenName = Mutex(nil)
  }

  /// Sets numbers aside, and returns the first.
  static func reserveIDs(_ count: Int) -> Int { created.add(count, ordering: .relaxed).oldValue + 1 }

  /// The name it was given, or else `Task-` and its number; asyncio's `get_name` and `set_name`.
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

  /// Whether it ended by a `CancellationError`; asyncio's `cancelled`.
  public final var isCancelled: Bool { settlement.phase == .cancelled }

  /// Cancels the task; asyncio's `cancel`. Its waits end with `CancellationError`, from now on until it ends. A task
  /// that has not started yet does start, and finds itself cancelled at its first wait.
  ///
  /// - Parameter reason: What `currentCancelReason` says within the task. The first one stands.
  /// - Returns: False if the task is done already; then this does nothing.
  @discardableResult
  public final func cancel(_ reason: String = "") -> Bool { node.cancel(CancelReason(.requested, reason)) }

  /// The same for another kind of reason.
  @discardableResult
  package final func cancel(_ reason: CancelReason) -> Bool { node.cancel(reason) }

  /// Why it was cancelled; nil if it was not, or by Swift's own means.
  public final var cancelReason: CancelReason? { node.ownReason }

  /// What the task waits for now: `sleep`, `get from a queue`. Nil while it runs or is ready to, when it waits for
  /// something that is not this library's, and on other threads than its loop's.
  public final var waitsFor: String? {
    guard loop.isCurrent else { return nil }
    for task in node.tasksWithin.reversed() {
      if let reason = loop.waitReason(of: task) { return reason.description }
    }
    return nil
  }

  public var description: String {
    let state = isDone ? (isCancelled ? "cancelled" : "done") : waitsFor.map { "waits: \($0)" } ?? "pending"
    return "task \"\(name)\" (\(state), created at \(createdAt))"
  }

  /// Calls back in a turn after the task has ended, on the loop where this is called; asyncio's `add_done_callback`.
  /// Callbacks come in the order of these calls, with the task-local values of the place where they were added. If the
  /// task has ended already, in the next turn.
  public final func addDoneCallback(_ callback: @escaping @Sendable (AnyTaskHandle) -> Void) {
    settlement.addCallback { callback(self) }
  }

  /// What it failed with; nil if it ended otherwise, or has not ended; asyncio's `exception`. Whoever asks has seen it.
  public final var error: (any Error)? {
    guard settlement.phase == .failed else { return nil }
    settlement.markRetrieved()
    return failure
  }

  /// The task is about to end by an error.
  package final func ended(by error: any Error) -> SettlementPhase {
    if error is CancellationError { return .cancelled }
    failure = error
    return .failed
  }

  // MARK: - Its life

  /// Starts it. The work is done in the given isolation; it keeps its result for itself and says how it ended.
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

  /// Starts it in no isolation. The work calls `begin` and `end` itself: a frame less for what there is ten thousand
  /// times, and waits.
  @inline(__always)
  package final func startOwn(_ work: sending @escaping @isolated(any) () async -> Void) {
    loop.tasks.insert(self)
    node.attach(SwiftTask(loop.spawn(isolation: nil, work)), owner: self)
  }

  /// The current Swift task is this one.
  package final func begin() {
    if let task = SwiftTask() { node.attach(task, owner: self) }
    node.bind()
  }

  /// It has ended, this way.
  package final func end(_ phase: SettlementPhase) {
    CancelNode.unbind()
    loop.tasks.remove(self)
    node.end()
    settlement.finish(phase)
    loop.taskHasEnded()
  }

  /// The same for a task that has gone without a handle for a while, and so is not in the registry; its node has ended.
  final func end(by error: (any Error)?) {
    settlement.finish(error.map(ended) ?? .succeeded)
  }
}

extension AnyTaskHandle: WaitObject {
  package var waitDescription: String { "task \"\(name)\"" }
}

/// The task that the calling code belongs to; asyncio's `current_task`. Nil outside of tasks of this library.
///
/// Tasks of Swift's own (`async let`, task groups, `Task {}`) have no handle: code in them belongs to the task that
/// started them, for as long as that runs.
public var currentTask: AnyTaskHandle? { CancelNode.current?.owner }

/// The tasks of the current loop that have not ended, in the order in which they were created; asyncio's `all_tasks`.
/// They are those of this library: tasks of Swift's own are not listed.
public var allTasks: [AnyTaskHandle] { EventLoop.current.allTasks }

extension EventLoop {
  /// The tasks of this loop that have not ended, in the order in which they were created. From any thread.
  public var allTasks: [AnyTaskHandle] { tasks.all }
}
