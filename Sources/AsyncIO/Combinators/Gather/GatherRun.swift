// SPDX-License-Identifier: Apache-2.0
// What runs the bodies of a `gather`: the cheapest way to start very many, of which some or all never wait.
//
// A task costs a microsecond to make, and a body that doesn't suspend needs none of its own. So bodies start in tasks
// that run at once, within a job of the task that gathers: a *worker* runs a body, and if that ends without having
// suspended, the next one. When a body suspends, the job goes on and starts the next body in a further worker. Every
// body is so started in its order, and runs to its first suspension before the next one starts, which is what separate
// tasks in the loop's queue would do; but a hundred thousand bodies of which none suspends are 1,600 tasks, and a
// worker whose body has ended later takes the next one that was not started, if there is any.
//
// No more than a job's share of bodies starts in a job (see `spendBudget`), then others run.
//
// The workers are child tasks of a group, so the runtime carries the caller's cancellation to them at once, and that of
// a failed sibling; it copies no task-local values for them; and none can outlive the call. The caller waits for them
// in a wait of the library's nonetheless, so that reports see it.
//
// The bodies run in the caller's isolation. A caller that is on no loop and of no actor has none that would keep them
// from running at the same time, so theirs is the loop's.

import AsyncIOCore
import Synchronization

@usableFromInline
final class GatherRun: @unchecked Sendable {
  // Sendable: `state` is behind its mutex; `body` is called, and `isStarting` used, in the caller's isolation only.

  private let body: nonisolated(nonsending) (Int) async throws -> Void
  private let tasks: LightTasks
  private let loop: EventLoop
  private let state: Mutex<GatherState<LineWait>>
  /// Whether the code that runs is a worker's within the job that starts them.
  @exclusivity(unchecked) private var isStarting = false

  @usableFromInline
  init(
    count: Int, limit: Int?, file: StaticString, line: UInt,
    _ body: nonisolated(nonsending) @escaping (Int) async throws -> Void
  ) throws {
    if let limit, limit < 1 { throw MisuseError("gather: with a limit of \(limit) nothing can run") }
    self.body = body
    loop = try EventLoop.currentOrStarted()
    tasks = LightTasks(count: count, on: loop, file: file, line: line)
    state = Mutex(GatherState(count: count, limit: min(limit ?? count, count)))
  }

  /// Calls the body with each number from 0 up, and waits for all.
  @usableFromInline
  func run(isolation: isolated (any Actor)?) async throws {
    if isolation == nil && EventLoop.onThisThread == nil {
      try await runWorkers(isolation: loop.anchor)
    } else {
      try await runWorkers(isolation: isolation)
    }
  }

  private func runWorkers(isolation: isolated (any Actor)?) async throws {
    tasks.begin()
    defer { tasks.end() }
    let preference = loop.preference(for: isolation)
    try await withThrowingDiscardingTaskGroup { group in
      // asyncio's tasks start in the next turn.
      await EventLoop.onThisThread?.yield()
      while true {
        if group.isCancelled { state.withLock { $0.stop() } }
        while let first = state.withLock({ $0.addWorker() }) {
          isStarting = true
          if let preference {
            startWorker(in: &group, from: first, isolation: isolation, preference)
          } else {
            startWorker(in: &group, from: first, isolation: isolation)
          }
          isStarting = false
          if !EventLoop.beginFurtherWork() { await EventLoop.onThisThread?.yield() }
          if group.isCancelled { state.withLock { $0.stop() } }
        }
        if state.withLock({ $0.isOver }) { return }
        await waitForWorkers()
      }
    }
    if !state.withLock({ $0.allWereStarted }) { throw CancellationError() }
  }

  // Two functions that are not inlined: merged into one call, as the optimizer would do it, a task without a preference
  // is created with one that is nil, and that costs it a lock in every call between actors (Swift 6.3.1).

  @inline(never)
  private func startWorker(
    in group: inout ThrowingDiscardingTaskGroup<any Error>, from first: Int, isolation: isolated (any Actor)?
  ) {
    group.addImmediateTask {
      _ = isolation
      try await self.work(from: first, isolation: isolation)
    }
  }

  @inline(never)
  private func startWorker(
    in group: inout ThrowingDiscardingTaskGroup<any Error>, from first: Int, isolation: isolated (any Actor)?,
    _ preference: any TaskExecutor
  ) {
    group.addImmediateTask(executorPreference: preference) {
      _ = isolation
      try await self.work(from: first, isolation: isolation)
    }
  }

  /// The workers end by their cancellation, so this wait need not.
  private nonisolated(nonsending) func waitForWorkers() async {
    await waitInLineUninterrupted {
      state.withLock { state in
        state.mustWait ? .wait(WaitReason("gather", on: self)) { state.join($0) } : .done(())
      }
    } leave: { _ in
      ()
    }
  }

  private func work(from first: Int, isolation: isolated (any Actor)?) async throws {
    var index = first
    var node = tasks.enter(index)
    while true {
      node.bind()
      do {
        try await body(index)
      } catch {
        CancelNode.unbind()
        fail(node, error)
        throw error
      }
      CancelNode.unbind()
      if !EventLoop.beginFurtherWork() {
        if isStarting { break }
        await EventLoop.onThisThread?.yield()
      }
      // A task that somebody has cancelled is no place for other bodies.
      guard !Task.isCancelled, let next = state.withLock({ $0.take() }) else { break }
      tasks.next(&node, next)
      index = next
    }
    tasks.leave(node)
    endWorker()
  }

  /// The group cancels the others when the worker throws.
  private func fail(_ node: LightTaskNode, _ error: any Error) {
    let wasCancelledWithOthers = Task.isCancelled && node.ownReason == nil
    if !wasCancelledWithOthers { tasks.node.cancel(CancelReason(.siblingFailed, node.owner?.waitDescription ?? "")) }
    state.withLock { $0.stop() }
    tasks.leave(node, error)
    endWorker()
  }

  private func endWorker() {
    state.withLock { $0.removeWorker() }?.resume()
  }
}

extension GatherRun: WaitObject {
  package var waitDescription: String {
    let (ended, count) = state.withLock { ($0.ended, $0.count) }
    return "\(count) bodies, of which \(ended) have ended"
  }
}
