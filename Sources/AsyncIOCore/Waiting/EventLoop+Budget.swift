// SPDX-License-Identifier: Apache-2.0
// A task whose every read and write completes at once never suspends, and would keep the loop to itself. So each
// operation takes from a budget, which every job starts anew, and a job that has used it up lets others run first.
//
// The budget is looked at before an operation begins, for the sake of cancellation. What is there is given even to a
// cancelled task, so code that always finds something ready would never learn of its cancellation. It learns of it
// here, after 64 operations at most. Nothing has been taken yet, so the error loses nothing.

import CSwiftRuntime

extension EventLoop {
  /// How many operations may complete at once within a job.
  static var fullBudget: Int { 64 }

  /// Begins an operation that may complete at once. If the job has had its share, others run first.
  ///
  /// - Throws: `CancellationError` if the job has had its share and its task is cancelled.
  @inline(__always)
  package nonisolated(nonsending) func spendBudget() async throws {
    budget &-= 1
    if budget < 0 { try await letOthersRun() }
  }

  /// The same for what has to come to its end even if the task is cancelled.
  @inline(__always)
  package nonisolated(nonsending) func spendBudgetUninterrupted() async {
    budget &-= 1
    if budget < 0 { await yield() }
  }

  /// Lets others run, and then tells a cancelled task of its cancellation.
  @inline(never)
  private nonisolated(nonsending) func letOthersRun() async throws {
    await yield()
    if let task = unsafe asyncio_current_task(), unsafe asyncio_task_is_cancelled(task) { throw cancellation }
  }

  // MARK: - On whatever thread

  /// `spendBudget` on the loop of this thread. Where no loop runs it does nothing.
  package nonisolated(nonsending) static func spendBudget() async throws {
    if hasSpentBudget() { try await letOthersRun() }
  }

  /// The first half of `spendBudget`, for what costs so little that one more async call would double it: whether the
  /// job on this thread has had its share, and is to `letOthersRun` first. False where no loop runs.
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

  /// The second half for what has to come to its end even if the task is cancelled.
  @usableFromInline package nonisolated(nonsending) static func letOthersRunUninterrupted() async {
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
