// SPDX-License-Identifier: Apache-2.0

/// What `asCompleted` knows, as a value: tasks or futures end, and are handed out in that order to those who ask, each
/// once.
///
/// Whoever asks either takes one that has ended, or is promised one of those that have not: nobody waits in vain.
struct CompletionState<Waiter: Sendable>: Sendable {
  typealias Line = WaitQueue<Waiter, Void, Int>

  /// Those that have ended and were not handed out, as indices, from `head` on.
  private var ended: [Int] = []
  private var head = 0
  private var line = Line()
  /// How many have not ended.
  private var pending: Int

  init(count: Int) { pending = count }

  enum Next: Equatable, Sendable {
    case index(Int)
    /// Stand in line: one will end.
    case wait
    /// All were handed out or promised.
    case nothing
  }

  /// The next one to hand out.
  mutating func next() -> Next {
    if let index = takeEnded() { return .index(index) }
    return line.count < pending ? .wait : .nothing
  }

  /// Waits for one, after `next` has said so. Others may have been quicker since: whoever is returned is to be resumed,
  /// and where nothing is left to wait for that is the waiter itself, with nothing.
  mutating func join(_ waiter: Waiter) -> (token: Line.Token, granted: Line.Granted?, isInVain: Bool) {
    let token = line.join(waiter, ())
    let granted = handOut()
    return (token, granted, granted == nil && line.count > pending)
  }

  /// The one with this index has ended. Returns who gets it.
  mutating func end(_ index: Int) -> Line.Granted? {
    pending -= 1
    ended.append(index)
    return handOut()
  }

  /// Whoever got one was cancelled before: returns who gets it instead. It is the first again.
  mutating func passOver(_ granted: Line.Granted) -> Line.Granted? {
    let index = line.takeBack(granted.token)
    if head > 0 {
      head -= 1
      ended[head] = index
    } else {
      ended.insert(index, at: 0)
    }
    return handOut()
  }

  /// What whoever leaves the line was given.
  mutating func leave(_ token: Line.Token) -> Int? { line.leave(token) }

  private mutating func handOut() -> Line.Granted? {
    guard !line.isEmpty, let index = takeEnded() else { return nil }
    return line.grantFirst(index)
  }

  private mutating func takeEnded() -> Int? {
    guard head < ended.count else { return nil }
    defer { head += 1 }
    return ended[head]
  }
}
