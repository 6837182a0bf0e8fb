// SPDX-License-Identifier: Apache-2.0
// How this library starts a task. The task runs in the isolation, and on the executor, of the place that starts it. So
// its first step needs no hop, just one place in the run queue.

extension EventLoop {
  /// Starts a task on this loop, or where its isolation says. `work` is a closure that captures the isolation, which
  /// makes it the closure's own.
  ///
  /// - Parameter immediately: Runs the task to its first suspension now, where that is allowed.
  @inline(__always)
  package func spawn(
    name: String? = nil, immediately: Bool = false, isolation: isolated (any Actor)?,
    @_inheritActorContext _ work: sending @escaping @isolated(any) () async -> Void
  ) -> Task<Void, Never> {
    if immediately && isCurrent { return spawnImmediately(name: name, isolation: isolation, work) }
    guard needsPreference(isolation) else { return Task(name: name, operation: work) }
    return Task(name: name, executorPreference: taskExecutor, operation: work)
  }

  /// Starts a task and runs it within the call up to its first suspension. On another thread than this loop's, it runs
  /// soon.
  @inline(__always)
  package func spawnImmediately(
    name: String? = nil, isolation: isolated (any Actor)?,
    @_inheritActorContext _ work: sending @escaping @isolated(any) () async -> Void
  ) -> Task<Void, Never> {
    guard isCurrent else { return spawn(name: name, isolation: isolation, work) }
    if isolation === MainActor.shared { return startOfMainActor(name: name, work) }
    guard needsPreference(isolation) else { return Task.immediate(name: name, operation: work) }
    return Task.immediate(name: name, executorPreference: taskExecutor, operation: work)
  }

  /// Starts a task of the main actor, in code of the main actor. `Task.immediate` requires that the running job is the
  /// actor's. A callback is not a job, though it has the main actor to itself. So the new job is taken out of the run
  /// queue, if it is there, and run.
  private func startOfMainActor(
    name: String?, _ work: sending @escaping @isolated(any) () async -> Void
  ) -> Task<Void, Never> {
    let tail = ready.tail
    let task = Task(name: name, operation: work)
    // On a loop without the main actor, the job has gone to the loop that has it.
    guard ready.tail == tail &+ 1 else { return task }
    runWithin(ready.removeLast())
    return task
  }

  /// Whether a task has to prefer the loop, so that it comes back from wherever it goes. A task outside of actors does,
  /// except on the main loop, where the router brings it back.
  private func needsPreference(_ isolation: (any Actor)?) -> Bool { isolation == nil && !(isMain && isCurrent) }

  /// The executor for a child task to prefer, which runs in that isolation or else on this loop.
  package func preference(for isolation: (any Actor)?) -> (any TaskExecutor)? {
    needsPreference(isolation) || isolation === anchor ? taskExecutor : nil
  }
}
