// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What `asCompleted` knows, as a value: tasks or futures end, and are handed out in that order to those who ask, each
/// once.
///
/// A task that asks takes one that has ended, or is promised one of those that have not: none waits in vain.
struct CompletionState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Int>

  /// Those that have ended and were not handed out, as indices.
  private var ended = Ring<Int>()
  private var line = Line()
  /// How many have not ended.
  private var pending: Int

  init(count: Int) { pending = count }

  enum Next: Equatable, Sendable {
    case index(Int)
    /// Join the line: one will end.
    case wait
    /// All were handed out or promised.
    case nothing
  }

  /// The next one to hand out.
  mutating func next() -> Next {
    if let index = ended.removeNext() { return .index(index) }
    return line.count < pending ? .wait : .nothing
  }

  /// Joins the line, in the section in which `next` has said so.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// The one with this index has ended. Returns who gets it.
  mutating func end(_ index: Int) -> Waiter.Claim? {
    pending -= 1
    if let next = line.serveFirst(index) { return next.claim }
    ended.insert(index)
    return nil
  }

  /// What the task that leaves the line was given.
  mutating func leave(_ token: Line.Token) -> Int? { line.leave(token) }
}
