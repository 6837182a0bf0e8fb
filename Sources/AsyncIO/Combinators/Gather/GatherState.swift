// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The progress of a `gather`, as a value. Bodies start in order; each runs in a worker, and a worker may run many, one
/// after the other. The gathering task adds workers while there are bodies to start, and waits for workers otherwise.
///
///     idle --addWorker--> working --removeWorker--> idle
///                          ^     \
///                          +-take-+
struct GatherState<Waiter: LineWaiter>: Sendable {
  let count: Int
  /// The most workers at a time.
  let limit: Int
  /// The first body that hasn't started.
  private(set) var next = 0
  private(set) var workers = 0
  /// Whether no more bodies start: one failed, or the gathering task was cancelled.
  private(set) var isStopped = false
  private var waiter: Waiter?

  init(count: Int, limit: Int) {
    self.count = count
    self.limit = limit
  }

  private var hasMore: Bool { next < count && !isStopped }

  /// The number of bodies that have ended.
  var ended: Int { next - workers }

  var allWereStarted: Bool { next == count }

  /// Whether no worker runs and no body is left to start.
  var isOver: Bool { workers == 0 && !hasMore }

  /// Adds a worker and returns its first body; nil if none may start now.
  mutating func addWorker() -> Int? {
    guard workers < limit, let first = take() else { return nil }
    workers += 1
    return first
  }

  /// Takes the next body for a worker that has ended one.
  mutating func take() -> Int? {
    guard hasMore else { return nil }
    next += 1
    return next - 1
  }

  /// Starts no more bodies.
  mutating func stop() { isStopped = true }

  /// Removes a worker that has ended. Returns the waiter to resume, if all have ended or another worker is wanted.
  mutating func removeWorker() -> Waiter.Claim? {
    workers -= 1
    return mustWait ? nil : waiter.take()?.claimOfAnyone
  }

  /// Waits for workers to end. Called in the section that found `mustWait`.
  mutating func join(_ waiter: Waiter) { self.waiter = waiter }

  /// Whether workers run, and no more are wanted.
  var mustWait: Bool { workers == limit || (workers > 0 && !hasMore) }
}
