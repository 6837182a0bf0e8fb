// SPDX-License-Identifier: Apache-2.0
// A task whose every read and write completes at once never suspends, and would keep the loop to itself. So each of
// them takes from a budget, which every job starts anew, and the one that uses it up lets the others run first.

extension EventLoop {
  /// How many operations may complete at once within a job.
  static var fullBudget: Int { 64 }

  /// Counts an operation that completed, perhaps without suspending; yields if a job has had its share.
  @inline(__always)
  package nonisolated(nonsending) func spendBudget() async {
    budget &-= 1
    if budget <= 0 { await yield() }
  }

  /// The same in two halves, for what costs so little that one more async call would double it: whether the job on this
  /// thread has had its share, and is to `letOthersRun`. False where no loop runs.
  @usableFromInline package static func hasSpentBudget() -> Bool {
    withLoopOfThisThread { loop in
      loop.budget &-= 1
      return loop.budget <= 0
    }
  }

  @usableFromInline package nonisolated(nonsending) static func letOthersRun() async {
    if let loop = onThisThread { await loop.yield() }
  }

  /// Work is done within the calling job that could as well be a job of its own: a watchdog sees that the loop goes on.
  /// False if the job has had its share, and is to let others run. Where no loop runs, it never has.
  @inline(__always)
  package static func beginFurtherWork() -> Bool {
    !withLoopOfThisThread { loop in
      loop.heartbeat.beats()
      loop.budget &-= 1
      return loop.budget <= 0
    }
  }
}
