// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// How far a gathering is, as a value. Its bodies are started in their order; each runs in a worker, and one worker may
/// run many, one after the other. Whoever gathers adds workers as long as there is something to start, and waits for
/// them otherwise.
///
///     idle --addWorker--> working --removeWorker--> idle
///                          ^     \
///                          +-take-+
struct GatherState<Waiter: LineWaiter>: Sendable {
  let count: Int
  /// How many workers there may be at once.
  let limit: Int
  /// The first body that was not started.
  private(set) var next = 0
  private(set) var workers = 0
  /// Whether nothing more is to be started: a body failed, or whoever gathers was cancelled.
  private(set) var isStopped = false
  private var waiter: Waiter?

  init(count: Int, limit: Int) {
    self.count = count
    self.limit = limit
  }

  private var hasMore: Bool { next < count && !isStopped }

  /// How many bodies have ended.
  var ended: Int { next - workers }

  var allWereStarted: Bool { next == count }

  /// Whether nothing runs any more or ever will.
  var isOver: Bool { workers == 0 && !hasMore }

  /// Begins a further worker with the body that is returned; nil if there is to be none now.
  mutating func addWorker() -> Int? {
    guard workers < limit, let first = take() else { return nil }
    workers += 1
    return first
  }

  /// The next body, which a worker is to run that has ended one.
  mutating func take() -> Int? {
    guard hasMore else { return nil }
    next += 1
    return next - 1
  }

  /// Starts no more bodies.
  mutating func stop() { isStopped = true }

  /// A worker has ended. Returns who is to be resumed, since all have, or since another one is wanted.
  mutating func removeWorker() -> Waiter.Claim? {
    workers -= 1
    return mustWait ? nil : waiter.take()?.claimOfAnyone
  }

  /// Waits for workers to end, in the section that found that it must.
  mutating func join(_ waiter: Waiter) { self.waiter = waiter }

  /// Whether workers run, and no more are wanted.
  var mustWait: Bool { workers == limit || (workers > 0 && !hasMore) }
}
