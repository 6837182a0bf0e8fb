// SPDX-License-Identifier: Apache-2.0
// How this library starts a task. It runs in the isolation of the place that starts it, on the executor of that, so its
// first step needs no hop: one place in the run queue.

extension EventLoop {
  /// Starts a task on this loop, or where its isolation says.
  ///
  /// - Parameters:
  ///   - immediately: Runs it to its first suspension now, where it is allowed to run here at all.
  ///   - isolation: Where it runs; nil is this loop.
  package func spawn(
    name: String? = nil, immediately: Bool = false, isolation: isolated (any Actor)?,
    _ work: @escaping () async -> Void
  ) -> Task<Void, Never> {
    let work = Work(work)
    // A task of no actor prefers the loop, so that it comes back to it from wherever it goes; on the main loop the
    // router sees to that.
    let preference: (any TaskExecutor)? = isolation == nil && !(isMain && isCurrent) ? taskExecutor : nil
    if immediately && isCurrent {
      return Task.immediate(name: name, executorPreference: preference) {
        _ = isolation
        await work.run()
      }
    }
    return Task(name: name, executorPreference: preference) {
      _ = isolation
      await work.run()
    }
  }

  /// Takes a closure into the task that it was made for.
  private struct Work: @unchecked Sendable {
    // Sendable: the closure is called once, in the isolation in which it was made.
    let run: () async -> Void

    init(_ run: @escaping () async -> Void) { self.run = run }
  }
}
