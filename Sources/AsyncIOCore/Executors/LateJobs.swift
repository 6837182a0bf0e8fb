// SPDX-License-Identifier: Apache-2.0
// Jobs that reach a loop after its end. They must run, or their tasks hang:
//
// - Jobs of the main actor wait for the next `EventLoop.run`, or go to the platform's main executor where that has the
//   main thread.
// - Jobs outside of actors go to the platform's pool.
// - Jobs that asked for this very loop run on a thread of the blocking pool *as if* on the loop's executor. Any other
//   executor would send them back here for ever. Their calls on the loop fail with `EventLoopError.closed`. If the
//   system can't start a thread, they run on the thread that brings them.

enum LateJobs {
  static func run(_ item: ReadyItem, of loop: EventLoop) {
    switch item.kind {
    case .main: MainLoopExecutor.shared.enqueueOutside(item.job)
    case .routed: RouterExecutor.shared.enqueueOnPool(item.job)
    case .preferring:
      guard let executor = loop.taskExecutor as? LoopTaskExecutor else { return }
      run(item.job, preferring: executor)
    case .serial:
      let job = item.job
      let executor = loop.taskExecutor
      elsewhere {
        unsafe job.runSynchronously(
          isolatedTo: loop.unownedSerial, taskExecutor: executor.asUnownedTaskExecutor())
      }
    case .handle: item.takeHandle().cancel()
    }
  }

  /// Runs a job that came by a loop's executor, which may be all that is left of the loop.
  static func run(_ job: UnownedJob, preferring executor: LoopTaskExecutor) {
    elsewhere { unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor()) }
  }

  private static func elsewhere(_ body: @escaping @Sendable () -> Void) {
    do { try BlockingPool.shared.submit(body) } catch { body() }
  }
}
