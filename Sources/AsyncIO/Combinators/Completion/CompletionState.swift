// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The state of `asCompleted`, as a value: awaitables end, and are handed out in that order to the tasks that ask, each
/// once.
///
/// A task that asks takes one that has ended, or is promised one that hasn't. So no task waits in vain.
struct CompletionState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Int>

  /// The indices of the awaitables that have ended and were not handed out.
  private var ended = Ring<Int>()
  private var line = Line()
  /// The number of awaitables that haven't ended.
  private var pending: Int

  init(count: Int) { pending = count }

  enum Next: Equatable, Sendable {
    case index(Int)
    /// Join the line: one will end.
    case wait
    /// All are handed out or promised.
    case nothing
  }

  /// The next one to hand out.
  mutating func next() -> Next {
    if let index = ended.removeNext() { return .index(index) }
    return line.count < pending ? .wait : .nothing
  }

  /// Joins the line. Called in the section in which `next` returned `wait`.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// Notes that the awaitable with this index has ended. Returns the waiter that gets it.
  mutating func end(_ index: Int) -> Waiter.Claim? {
    pending -= 1
    if let next = line.serveFirst(index) { return next.claim }
    ended.insert(index)
    return nil
  }

  /// Leaves the line, and returns the index that the task was given, or nil.
  mutating func leave(_ token: Line.Token) -> Int? { line.leave(token) }
}
