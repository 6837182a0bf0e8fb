// SPDX-License-Identifier: Apache-2.0
// Runs the bodies of a `gather`. This is the cheapest way to start very many, some or all of which never wait.
//
// A task costs a microsecond to make, and a body that doesn't suspend needs no task of its own. So bodies start in
// tasks that run at once, within a job of the task that gathers. A *worker* runs a body, and if that ends without
// having suspended, the next one. When a body suspends, the job goes on and starts the next body in a further worker.
//
// So bodies start in order, and each runs to its first suspension before the next one starts: separate tasks in the
// loop's queue would do the same. But a hundred thousand bodies that never suspend take only 1,600 tasks. A worker
// whose body ends later takes the next body that hasn't started.
//
// A job starts no more than its share of bodies (see `spendBudget`); then others run.
//
// The workers are child tasks of a group. So the runtime passes the caller's cancellation on to them at once, and that
// of a failed sibling. It copies no task-local values for them, and none can outlive the call. The caller still waits
// for them in a wait of the library's, so that reports show it.
//
// The bodies run in the caller's isolation. A caller without a loop and without an actor has no isolation to keep the
// bodies from running at the same time. They run in the loop's isolation then.
//
// Benchmark: gather.

import AsyncIOCore
import Synchronization

@usableFromInline
final class GatherRun: @unchecked Sendable {
  // Sendable: `state` is behind its mutex; `body` is called, and `isStarting` used, in the caller's isolation only.

  private let body: nonisolated(nonsending) (Int) async throws -> Void
  private let tasks: LightTasks
  private let loop: EventLoop
  private let state: Mutex<GatherState<LineWait>>
  /// Whether the running code is a worker within the job that starts workers.
  @safe @exclusivity(unchecked) private var isStarting = false

  @usableFromInline
  init(
    count: Int, limit: Int?, file: StaticString, line: UInt,
    _ body: nonisolated(nonsending) @escaping (Int) async throws -> Void
  ) throws {
    if let limit, limit < 1 { throw MisuseError("gather: limit is \(limit); it must be 1 or more") }
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
      // As in asyncio, tasks start in the next turn.
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

  // Two functions that are not inlined. The optimizer would merge them into one call, which creates a task without a
  // preference with a nil one. That costs the task a lock in every call between actors (Swift 6.3.1).

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

  /// The workers end by their cancellation, so this wait can't be cancelled.
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
      // A task that was cancelled must not run other bodies.
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
