// SPDX-License-Identifier: Apache-2.0
// A task whose every read and write completes at once never suspends, and would keep the loop to itself. So each
// operation spends from a budget, which every job starts anew. A job that has used it up lets others run first.
//
// The budget is checked before an operation begins, for the sake of cancellation. Available data is given even to a
// cancelled task, so code that always finds something ready would never learn of its cancellation. It learns of it
// here, after 64 operations at most. Nothing has been taken yet, so the error loses nothing.

import CSwiftRuntime

extension EventLoop {
  /// How many operations of a job may complete at once.
  static var fullBudget: Int { 64 }

  /// Begins an operation that may complete at once. If the job has used up its budget, others run first.
  ///
  /// - Throws: `CancellationError` if the budget is used up and the job's task is cancelled.
  @inline(__always)
  package nonisolated(nonsending) func spendBudget() async throws {
    budget &-= 1
    if budget < 0 { try await letOthersRun() }
  }

  /// Spends the budget for an operation that must complete even if the task is cancelled.
  @inline(__always)
  package nonisolated(nonsending) func spendBudgetUninterrupted() async {
    budget &-= 1
    if budget < 0 { await yield() }
  }

  /// Lets others run, then throws if the task is cancelled.
  @inline(never)
  private nonisolated(nonsending) func letOthersRun() async throws {
    await yield()
    if let task = unsafe asyncio_current_task(), unsafe asyncio_task_is_cancelled(task) { throw cancellation }
  }

  // MARK: - On any thread

  /// Spends the budget of this thread's loop. Without a loop it does nothing.
  package nonisolated(nonsending) static func spendBudget() async throws {
    if hasSpentBudget() { try await letOthersRun() }
  }

  /// The first half of `spendBudget`, for operations so cheap that one more async call would double their cost. Returns
  /// whether the job on this thread has used up its budget, and has to `letOthersRun` first. False without a loop.
  /// Benchmark: lock, queue.
  @usableFromInline package static func hasSpentBudget() -> Bool {
    withLoopOfThisThread { loop in
      loop.budget &-= 1
      return loop.budget < 0
    }
  }

  /// The second half.
  @usableFromInline package nonisolated(nonsending) static func letOthersRun() async throws {
    if let loop = onThisThread { try await loop.letOthersRun() }
  }

  /// The second half, for operations that must complete even if the task is cancelled.
  @usableFromInline package nonisolated(nonsending) static func letOthersRunUninterrupted() async {
    if let loop = onThisThread { await loop.yield() }
  }

  /// Counts work within the calling job that could as well be a job of its own: a watchdog sees that the loop makes
  /// progress. Returns false if the job has used up its budget and should let others run; always true without a loop.
  @inline(__always)
  package static func beginFurtherWork() -> Bool {
    !withLoopOfThisThread { loop in
      loop.heartbeat.beats()
      loop.budget &-= 1
      return loop.budget <= 0
    }
  }
}
