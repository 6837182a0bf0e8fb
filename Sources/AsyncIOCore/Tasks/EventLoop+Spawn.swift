// SPDX-License-Identifier: Apache-2.0
// How this library starts a task. It runs in the isolation of the place that starts it, on the executor of that, so its
// first step needs no hop: one place in the run queue.

extension EventLoop {
  /// Starts a task on this loop, or where its isolation says. `work` is a closure that captures the isolation, so that
  /// it is the closure's own.
  ///
  /// - Parameter immediately: Runs it to its first suspension now, where it is allowed to run here at all.
  @inline(__always)
  package func spawn(
    name: String? = nil, immediately: Bool = false, isolation: isolated (any Actor)?,
    @_inheritActorContext _ work: sending @escaping @isolated(any) () async -> Void
  ) -> Task<Void, Never> {
    if immediately && isCurrent { return spawnImmediately(name: name, isolation: isolation, work) }
    guard needsPreference(isolation) else { return Task(name: name, operation: work) }
    return Task(name: name, executorPreference: taskExecutor, operation: work)
  }

  /// The same, within the call up to the first suspension; on another thread than this loop's it is only soon.
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

  /// Starts a task of the main actor's, in code of the main actor's. `Task.immediate` wants the job that runs to be the
  /// actor's, and a callback is none, though it has the main actor to itself: so the new job is taken out of the run queue,
  /// if it has come there, and run.
  private func startOfMainActor(
    name: String?, _ work: sending @escaping @isolated(any) () async -> Void
  ) -> Task<Void, Never> {
    let tail = ready.tail
    let task = Task(name: name, operation: work)
    // On a loop that is not the main actor's the job has gone to the one that is.
    guard ready.tail == tail &+ 1 else { return task }
    let item = ready.removeLast()
    let kind = runningKind
    runningKind = item.kind
    unsafe item.job.runSynchronously(on: unownedMain)
    runningKind = kind
    return task
  }

  /// A task of no actor prefers the loop, so that it comes back to it from wherever it goes; on the main loop the router
  /// sees to that.
  private func needsPreference(_ isolation: (any Actor)?) -> Bool { isolation == nil && !(isMain && isCurrent) }

  /// The executor that a child task prefers which runs in that isolation, or in this loop's own.
  package func preference(for isolation: (any Actor)?) -> (any TaskExecutor)? {
    needsPreference(isolation) || isolation === anchor ? taskExecutor : nil
  }
}
