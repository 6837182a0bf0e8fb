// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Synchronization

/// A scope for tasks, which end before the code that started them goes on; asyncio's `TaskGroup`, trio's nursery.
/// `withTaskScope` makes one.
///
/// The scope may be handed to other code, which then starts tasks in it, from any thread.
public final class TaskScope: Sendable {
  private let state = Mutex(TaskScopeState<LineWait>())
  private let children = Mutex<[ObjectIdentifier: AnyTaskHandle]>([:])
  private let scope: CancelScope

  init(_ scope: CancelScope) { self.scope = scope }

  // MARK: - Tasks

  /// Starts a task in the scope; asyncio's `TaskGroup.create_task`. Like the global `createTask`, except that the task
  /// has the scope's time limits and ends before the scope does.
  ///
  /// In a scope that was cancelled, or where a task has failed, the task is cancelled from the start. Traps if the
  /// scope is over.
  @discardableResult
  public func createTask<Value: Sendable>(
    name: String? = nil, eagerStart: Bool = false, isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ body: sending @escaping @isolated(any) () async throws -> Value
  ) -> TaskHandle<Value> {
    require(state.withLock { $0.begin() }, "TaskScope.createTask: the scope is over", file: file, line: line)
    let task = TaskHandle<Value>(name: name, loop: .current, parent: scope.node, file: file, line: line)
    children.withLock { $0[ObjectIdentifier(task)] = task }
    task.settlement.whenSettled { [unowned task] in self.ended(task) }
    // A later cancellation finds the task among the children. Not `isCancelled`: the scope may have been cancelled from
    // outside.
    if scope.node.isTaskCancelled { task.node.forwardCancellation() }
    task.start(eagerly: eagerStart, isolation: isolation, body)
    return task
  }

  /// Starts a task in the scope, and returns when the task says that it is ready; trio's `Nursery.start`.
  ///
  /// ```swift
  /// try await withTaskScope { scope in
  ///   let port = try await scope.start(name: "server") { ready in
  ///     let server = try await startServer(host: "127.0.0.1", port: 0, handler: serve)
  ///     ready(server.port)
  ///     try await server.serveForever()
  ///   }
  ///   print("listening at port", port)
  /// }
  /// ```
  ///
  /// **Cancellation** of the caller before the task is ready cancels the task, waits for it, and throws, even if the
  /// task called `ready` before it ended.
  ///
  /// - Returns: What the task passed to `ready`.
  /// - Throws: The task's error before it was ready, which then isn't an error of the scope; `MisuseError` if the task
  ///   returned without calling `ready`.
  @discardableResult
  public func start<Ready: Sendable>(
    name: String? = nil, isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ body: sending @escaping @isolated(any) (ReadySignal<Ready>) async throws -> Void
  ) async throws -> Ready {
    let future = Future<Ready>()
    // Opened once, in the isolation in which the closure was made.
    let box = UncheckedBox(body)
    let task = createTask(name: name, isolation: isolation, file: file, line: line) {
      do {
        try await box.value(ReadySignal(future))
        future.trySetException(
          MisuseError("TaskScope.start: \(currentTask?.waitDescription ?? "the task") ended before it was ready"))
      } catch {
        // An error before the task was ready is the caller's.
        if !future.trySetException(error) { throw error }
      }
    }
    do {
      try await future.waitWithoutCancelling()
    } catch {
      task.cancel(CancelReason(.awaiterCancelled))
      await task.settlement.waitUninterrupted(WaitReason("await cancelled", on: task))
      // The task has ended, so a value that it passed to `ready` meanwhile is of no use any more.
      if case .failure(let failure)? = future.result { throw failure }
      throw error
    }
    return try future.result!.get()
  }

  /// Cancels the tasks of the scope and its body, without an error: `withTaskScope` returns when all have ended. trio's
  /// `cancel_scope.cancel`.
  ///
  /// - Parameter reason: What `currentCancelReason` says in the tasks and the body.
  /// - Returns: False if the scope is already over: then this does nothing.
  @discardableResult
  public func cancel(_ reason: String = "") -> Bool { scope.cancel(reason) }

  /// Whether the scope was cancelled, by `cancel` or because a task failed.
  public var isCancelled: Bool { scope.isCancelled }

  /// Whether its tasks are cancelled, also from outside.
  var isTaskCancelled: Bool { scope.node.isTaskCancelled }

  /// The tasks that haven't ended, in the order in which they were created.
  public var tasks: [AnyTaskHandle] { children.withLock { Array($0.values) }.sorted { $0.id < $1.id } }

  // MARK: - Its end

  private func ended(_ task: AnyTaskHandle) {
    let error = task.error
    children.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(task)) }
    let ended = state.withLock { $0.end(error) }
    if ended.isFirstError { scope.node.cancel(CancelReason(.siblingFailed, task.waitDescription)) }
    ended.claim?.resume()
  }

  func bodyFailed(_ error: any Error) {
    if state.withLock({ $0.bodyFailed(error) }) { scope.node.cancel(CancelReason(.siblingFailed, "the scope's body")) }
  }

  /// Waits for every task, and then refuses new ones. Returns whether the body was cancelled during the wait: the tasks
  /// may all have ended by the time that it goes on. Takes no turn if no task runs.
  func close() async -> Bool {
    if let loop = EventLoop.onThisThread { await loop.spendBudgetUninterrupted() }
    var wasCancelled = false
    while !state.withLock({ $0.close() }) {
      do {
        try await waitInLine {
          begin(WaitReason("end the task scope", on: self))
        } leave: {
          leave()
        }
      } catch {
        // Or a task has begun after the last one ended and before this code resumed.
        guard Task.isCancelled else { continue }
        wasCancelled = true
        await waitInLineUninterrupted {
          begin(WaitReason("end the cancelled task scope", on: self))
        } leave: { _ in
          _ = leave()
        }
      }
    }
    return state.withLock { $0.wasCancelledAtTheEnd } || wasCancelled
  }

  private func begin(_ reason: WaitReason) -> Attempt<Void, Void> {
    state.withLock { state in
      state.running == 0 ? .done(()) : .wait(reason) { state.join($0) }
    }
  }

  private func leave() -> Void? { state.withLock { $0.leave() } }

  /// Passes the cancellation of the scope's body on to its tasks.
  func cancelTasks() {
    state.withLock { $0.cancelTasks() }
    for task in tasks { task.node.forwardCancellation() }
  }

  var errors: [any Error] { state.withLock { $0.errors } }
}

extension TaskScope: WaitObject {
  package var waitDescription: String {
    "of \(tasks.map { "\"\($0.name)\"" }.joined(separator: ", "))"
  }
}

/// Tells the caller of `TaskScope.start` that the task is ready.
public struct ReadySignal<Value: Sendable>: Sendable {
  private let future: Future<Value>

  init(_ future: Future<Value>) { self.future = future }

  /// Says that the task is ready, and passes a value to the caller of `start`. Later calls do nothing.
  public func callAsFunction(_ value: Value) { future.trySetResult(value) }
}

extension ReadySignal<Void> {
  /// Says that the task is ready. Later calls do nothing.
  public func callAsFunction() { callAsFunction(()) }
}
