// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
public import CivilTime

/// The times of a job of `TaskScope.schedule`.
///
/// ```swift
/// let often = Schedule.every(.seconds(10))
/// let nightly = try Schedule.cron("30 3 * * *", in: .named("Europe/Berlin"))
/// let launch = Schedule.at(WallTime("2030-01-01T00:00:00Z")!)
/// ```
public struct Schedule: Sendable {
  enum Kind: Sendable {
    case interval(Duration, first: Duration)
    case cron(CronExpression, ZoneRules, ClockShiftRule)
    case once([WallTime])
  }

  let kind: Kind

  /// At a fixed rate by the loop's clock, which nobody sets.
  ///
  /// - Parameters:
  ///   - interval: The time between two runs; more than zero.
  ///   - first: The time until the first run; an interval if nil, and at once if `.zero`.
  public static func every(
    _ interval: Duration, first: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Schedule {
    require(interval > .zero, "Schedule.every: the interval must be more than zero", file: file, line: line)
    return Schedule(kind: .interval(interval, first: first ?? interval))
  }

  /// At the times of a cron expression, by the wall clock.
  ///
  /// - Parameters:
  ///   - zone: The zone whose clocks the expression speaks of: UTC unless you say otherwise, so that a program does the
  ///     same on every machine. `ZoneRules.local()` is the machine's zone.
  ///   - shifts: What becomes of times that the zone's clocks skip or show twice.
  public static func cron(
    _ expression: CronExpression, in zone: ZoneRules = .utc, shifts: ClockShiftRule = .vixie
  ) -> Schedule {
    Schedule(kind: .cron(expression, zone, shifts))
  }

  /// At the times of a cron expression, by the wall clock.
  ///
  /// - Throws: `CronError` for text that isn't a cron expression.
  public static func cron(
    _ text: String, in zone: ZoneRules = .utc, shifts: ClockShiftRule = .vixie
  ) throws(CronError) -> Schedule {
    .cron(try CronExpression(text), in: zone, shifts: shifts)
  }

  /// Once at each of these times of the wall clock.
  public static func at(_ times: WallTime...) -> Schedule { Schedule(kind: .once(Set(times).sorted())) }
}

// MARK: - What follows from it

extension Schedule {
  /// The course of a job, from a moment on.
  enum Course: Sendable {
    case loopTime(DueTimes<EventLoop.Instant>)
    case wallTime(WallCourse)
  }

  /// The course of a job by the wall clock, which may be set.
  struct WallCourse: Sendable {
    var times: DueTimes<WallTime>
    /// A clock that was set back by this much or less shows nothing again that is due again.
    let keptBack: Duration
    /// What the wall clock showed, or would have shown, when the loop's clock began.
    var origin: WallTime

    init(_ times: DueTimes<WallTime>, keptBack: Duration, on loop: EventLoop) {
      self.times = times
      self.keptBack = keptBack
      origin = Self.origin(on: loop)
    }

    private static func origin(on loop: EventLoop) -> WallTime {
      loop.wallTime - .nanoseconds(loop.time.nanoseconds)
    }

    /// What to do now. First notices that the clock was set.
    mutating func step(on loop: EventLoop) -> DueTimes<WallTime>.Step {
      let origin = Self.origin(on: loop)
      // Two clocks aren't read at the same instant.
      if origin.duration(to: self.origin) > max(keptBack, .seconds(1)) { times.goOn(after: loop.wallTime) }
      self.origin = origin
      return times.step(now: loop.wallTime)
    }
  }

  func course(on loop: EventLoop, missed: MissedRuns) -> Course {
    switch kind {
    case .interval(let interval, let first):
      return .loopTime(.every(interval, from: loop.time + first, policy: missed))
    case .cron(let expression, let zone, let shifts):
      let times = DueTimes<WallTime>(
        first: expression.next(after: loop.wallTime, in: zone, shifts: shifts), policy: missed
      ) {
        expression.next(after: $0, in: zone, shifts: shifts)
      } previous: {
        expression.previous(before: $0, in: zone, shifts: shifts)
      }
      let keptBack = shifts.makesGood(expression.fields) ? Duration.seconds(ClockShiftRule.longest) : .zero
      return .wallTime(WallCourse(times, keptBack: keptBack, on: loop))
    case .once(let times):
      let due = DueTimes<WallTime>(first: times.first, policy: missed) { time in
        times.first { $0 > time }
      } previous: { time in
        times.last { $0 < time }
      }
      // Each of them is due once, wherever the clock is set.
      return .wallTime(WallCourse(due, keptBack: .nanoseconds(Int64.max), on: loop))
    }
  }
}
