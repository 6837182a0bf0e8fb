// SPDX-License-Identifier: Apache-2.0
// Jobs that reach a loop after its end. They must run, or their tasks hang: those of the main actor wait for the next
// `EventLoop.run`; those of no actor go to the platform's pool; those that asked for this very loop run on a thread of
// the blocking pool *as if* on the loop's executor, since on any other they would be sent back here for ever. What they
// then ask of the loop fails with `EventLoopError.closed`.

enum LateJobs {
  static func run(_ item: ReadyItem, of loop: EventLoop) {
    switch item.kind {
    case .main: MainLoop.enqueue(item.job)
    case .routed: RouterExecutor.shared.enqueueOnPool(item.job)
    case .preferring:
      let job = item.job
      BlockingPool.shared.submit { unsafe job.runSynchronously(on: loop.unownedPreference) }
    case .serial:
      let job = item.job
      BlockingPool.shared.submit {
        unsafe job.runSynchronously(isolatedTo: loop.unownedSerial, taskExecutor: loop.unownedPreference)
      }
    case .handle: item.takeHandle().cancel()
    }
  }
}
