// SPDX-License-Identifier: Apache-2.0
// `while true { work(); sleep(10) }` drifts by the time of the work. Ticks are at a fixed rate: each is due a whole
// number of intervals after the first wait began, however long the code between them takes.

public import AsyncIOCore

/// Ticks at a fixed rate, as a sequence.
///
/// ```swift
/// for try await tick in every(.seconds(10)) {
///   print("tick \(tick.number), \(tick.missed) missed")
/// }
/// ```
///
/// The first tick comes after one interval, or after `first`. The code between two ticks may take longer than the
/// interval: `missed` says what then becomes of the ticks in between. The clock is that of the loop, which nobody sets;
/// the times of day are those of a cron expression, see `TaskScope.schedule`.
///
/// Iterating begins to count. **Cancellation** of the iterating task throws `CancellationError`, and loses no tick.
///
/// - Parameters:
///   - interval: The time between two ticks; more than zero.
///   - first: The time until the first tick; `.zero` is at once.
///   - missed: What becomes of ticks that nobody took in time; by default one tick makes up for all.
public func every(
  _ interval: Duration, first: Duration? = nil, missed: MissedRuns = .once, file: StaticString = #fileID,
  line: UInt = #line
) -> Ticks {
  require(interval > .zero, "every: the interval must be more than zero", file: file, line: line)
  return Ticks(interval: interval, first: first ?? interval, missed: missed)
}

/// Calls the body at a fixed rate, until it throws or the task is cancelled. Otherwise like the ticks of `every`.
///
/// ```swift
/// createTask(name: "statistics") {
///   try await every(.seconds(60)) { _ in print(EventLoop.current.statistics) }
/// }
/// ```
///
/// One call ends before the next begins. `TaskScope.schedule` runs jobs beside each other, with names and policies.
///
/// - Parameters:
///   - interval: The time between two ticks; more than zero.
///   - first: The time until the first call; `.zero` is at once.
///   - missed: What becomes of calls that were due while one was running.
/// - Throws: The body's error; `CancellationError` if the task is cancelled in a wait.
public nonisolated(nonsending) func every(
  _ interval: Duration, first: Duration? = nil, missed: MissedRuns = .once, file: StaticString = #fileID,
  line: UInt = #line, _ body: nonisolated(nonsending) (Tick) async throws -> Void
) async throws {
  var ticks = every(interval, first: first, missed: missed, file: file, line: line).makeAsyncIterator()
  while let tick = try await ticks.next() { try await body(tick) }
}

/// A tick of `every`.
public struct Tick: Hashable, Sendable {
  /// The number of the tick, from 1 on, without those that were missed.
  public let number: Int
  /// The time at which it was due, by the loop's clock.
  public let due: EventLoop.Instant
  /// The ticks that were left out since the last one; at most 1,000 are counted at a time.
  public let missed: Int
}

/// The sequence of `every`. Each iteration has ticks of its own.
public struct Ticks: AsyncSequence, Sendable {
  public typealias Element = Tick

  /// The time between two ticks.
  public let interval: Duration
  let first: Duration
  let missed: MissedRuns

  /// Counts the ticks from its first `next` on.
  public struct Iterator: AsyncIteratorProtocol {
    private let ticks: Ticks
    private var times: DueTimes<EventLoop.Instant>?
    private var number = 0

    init(_ ticks: Ticks) { self.ticks = ticks }

    /// Waits for the next tick.
    public mutating func next() async throws -> Tick? {
      if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
      let clock = EventLoop.current
      var times = self.times ?? .every(ticks.interval, from: clock.time + ticks.first, policy: ticks.missed)
      // Kept also when the wait is cancelled.
      defer { self.times = times }
      while true {
        switch times.step(now: clock.time) {
        case .wait(let until):
          // Only a wait that has begun takes a cancellation.
          try await sleep(clock.time.duration(to: until))
        case .run(let due, let missed):
          number += 1
          return Tick(number: number, due: due, missed: missed)
        case .end: return nil
        }
      }
    }

    /// Waits for the next tick, in the isolation of the caller.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Tick? { try await next() }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(self) }
}

extension DueTimes<EventLoop.Instant> {
  /// Times that are an interval apart.
  static func every(_ interval: Duration, from first: EventLoop.Instant, policy: MissedRuns) -> Self {
    let step = max(1, interval.clampedNanoseconds)
    return DueTimes(first: first, policy: policy) { time in
      let next = time + .nanoseconds(step)
      return next > time ? next : nil
    } previous: { time in
      // The times from the first on.
      let passed = first.duration(to: time).clampedNanoseconds
      return passed > 0 ? first + .nanoseconds((passed - 1) / step * step) : nil
    }
  }
}
