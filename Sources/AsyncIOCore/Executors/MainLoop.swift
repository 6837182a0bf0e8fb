// SPDX-License-Identifier: Apache-2.0
// The loop of `EventLoop.run` for the rest of the process: the main actor's jobs go there, and those of threads without
// a loop. Between two runs, the main actor's jobs are kept for the next.

import Synchronization

enum MainLoop {
  private struct State {
    var loop: EventLoop?
    var backlog: [UnownedJob] = []
  }

  private static let state = Mutex(State())

  /// The loop that `EventLoop.run` runs now; nil if it does not run.
  static var running: EventLoop? { state.withLock { $0.loop } }

  /// Enqueues a job of the main actor, from another thread or while no loop runs.
  static func enqueue(_ job: UnownedJob) {
    let loop = state.withLock { state in
      if state.loop == nil { state.backlog.append(job) }
      return state.loop
    }
    loop?.enqueueFromAnywhere(ReadyItem(job, .main))
  }

  static func begin(_ loop: EventLoop) {
    let backlog = state.withLock { state in
      state.loop = loop
      let backlog = state.backlog
      state.backlog = []
      return backlog
    }
    for job in backlog { loop.ready.append(ReadyItem(job, .main)) }
  }

  static func end() { state.withLock { $0.loop = nil } }
}
