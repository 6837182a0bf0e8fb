// SPDX-License-Identifier: Apache-2.0

/// What becomes of runs and ticks that were missed. They were due while the program did something else for too long,
/// the machine was suspended, or the wall clock was set forward.
public enum MissedRuns: Hashable, Sendable {
  /// A run that is late by more than the grace is left out, and the schedule goes on with the next.
  case skip(grace: Duration = .seconds(1))
  /// One run makes up for all that were missed, at once. Its `missed` is the number of the others.
  case once
  /// Each missed run is made up for, one after the end of the other. Of more than the limit only the latest are.
  case all(limit: Int)
}

/// The times at which something is due, as a value: what is due next, and what becomes of what was missed.
struct DueTimes<Time: InstantProtocol>: Sendable where Time.Duration == Duration {
  /// What to do now.
  enum Step: Equatable {
    /// Nothing is due until this time.
    case wait(until: Time)
    /// Run now. `missed` runs before were left out since the last one.
    case run(due: Time, missed: Int)
    /// Nothing is ever due again.
    case end
  }

  /// The first time after another.
  let next: @Sendable (Time) -> Time?
  /// The last time before another.
  let previous: @Sendable (Time) -> Time?
  let policy: MissedRuns
  /// What is due next; nil at the end.
  private(set) var due: Time?
  private var missed = 0

  /// The most runs that are counted one by one: an expression for every second may have missed a year.
  static var mostCounted: Int { 1000 }

  init(
    first: Time?, policy: MissedRuns, next: @escaping @Sendable (Time) -> Time?,
    previous: @escaping @Sendable (Time) -> Time?
  ) {
    due = first
    self.policy = policy
    self.next = next
    self.previous = previous
  }

  /// Goes on with the first time after this one.
  mutating func goOn(after time: Time) { due = next(time) }

  mutating func step(now: Time) -> Step {
    guard let due else { return .end }
    if now < due { return .wait(until: due) }
    var (last, count) = (due, 1)
    while let following = next(last), following <= now {
      guard count < Self.mostCounted else {
        last = previous(now.advanced(by: .nanoseconds(1))) ?? last
        break
      }
      (last, count) = (following, count + 1)
    }
    switch policy {
    case .once: return run(last, leavingOut: count - 1)
    case .skip(let grace):
      if last.duration(to: now) <= grace { return run(last, leavingOut: count - 1) }
      missed += count
      self.due = next(last)
      return self.due.map { .wait(until: $0) } ?? .end
    case .all(let limit):
      if count <= limit { return run(due, leavingOut: 0) }
      var first = last
      for _ in 1..<max(1, limit) { first = previous(first) ?? first }
      return run(first, leavingOut: count - max(1, limit))
    }
  }

  private mutating func run(_ time: Time, leavingOut count: Int) -> Step {
    defer {
      missed = 0
      due = next(time)
    }
    return .run(due: time, missed: missed + count)
  }
}
