// SPDX-License-Identifier: Apache-2.0
// Where daylight saving time begins, an hour of the day doesn't exist; where it ends, an hour exists twice. A job at
// 02:30 would be left out once a year and made twice once a year, which is what most schedulers do (apscheduler#606,
// croniter#70). Paul Vixie's cron tells two kinds of job apart, since version 3.0:
//
//   - A job at fixed times (neither the hour nor the minute begins with `*`) is to be done once a day. If its time is
//     skipped it runs right after the gap. If its time comes twice it runs the first time only.
//   - A job with a wildcard is to be done as often as the clock shows it: nothing is made up, and nothing left out.
//
// Vixie's cron takes a change of more than three hours for a correction of the clock, and so does this: Samoa skipped a
// whole day in 2011, and no job of that day ran.

import CivilTime

/// What becomes of times that a zone's clocks skip or show twice.
///
/// ```swift
/// let berlin = try ZoneRules.named("Europe/Berlin")
/// let job = try CronExpression("30 2 * * *")
/// // Clocks go from 02:00 to 03:00 at 01:00 UTC.
/// let start = WallTime("2026-03-28T12:00:00Z")!
/// print(job.next(after: start, in: berlin)!)  // 2026-03-29T01:00:00Z
/// print(job.next(after: start, in: berlin, shifts: .followClock)!)  // 2026-03-30T00:30:00Z
/// ```
public enum ClockShiftRule: Hashable, Sendable {
  /// The rule of Vixie's cron. An expression whose hour or minute begins with `*` follows the clock. Any other is to be
  /// met once a day. A skipped time counts at the end of the gap, several of them once. Of a repeated time the first
  /// counts. Changes of more than three hours are exempt, and the clock is followed.
  case vixie
  /// Every expression follows the clock: skipped times are left out, and repeated ones count twice.
  case followClock

  /// The longest change that is one of daylight saving, in seconds.
  static let longest = 3 * 3600

  /// Whether skipped and repeated times of these fields are made good.
  func makesGood(_ fields: CronFields) -> Bool { self == .vixie && !fields.minuteIsWild && !fields.hourIsWild }
}

/// The search for the instants of a cron expression in a zone. It goes from one stretch of time with an equal offset to
/// the next. Within each, local times and instants differ by a constant.
struct CronSearch {
  let fields: CronFields
  let zone: ZoneRules
  let makesGood: Bool

  init(fields: CronFields, zone: ZoneRules, rule: ClockShiftRule) {
    self.fields = fields
    self.zone = zone
    makesGood = rule.makesGood(fields)
  }

  /// The first instant after a second.
  func first(after seconds: Int) -> Int? {
    let bounds = CronFields.bounds
    guard seconds < bounds.upperBound else { return nil }
    var from = max(seconds, bounds.lowerBound - 1) + 1
    while from < bounds.upperBound {
      let period = zone.period(at: from)
      let start = start(of: period)
      if let start, start.isOwed, start.second >= from { return start.second }
      var local = from + period.offset
      let end = period.end.map { $0 + period.offset } ?? bounds.upperBound
      while let found = fields.first(from: local, before: end) {
        guard let repeated = start?.repeated, repeated.contains(found) else { return found - period.offset }
        local = repeated.upperBound
      }
      guard let next = period.end else { return nil }
      from = next
    }
    return nil
  }

  /// The last instant up to a second.
  func last(upTo seconds: Int) -> Int? {
    let bounds = CronFields.bounds
    var upTo = min(seconds, bounds.upperBound)
    while upTo >= bounds.lowerBound {
      let period = zone.period(at: upTo)
      let start = start(of: period)
      var local = upTo + period.offset
      let from = period.start.map { $0 + period.offset } ?? bounds.lowerBound
      while let found = fields.last(upTo: local, from: from) {
        guard let repeated = start?.repeated, repeated.contains(found) else { return found - period.offset }
        local = repeated.lowerBound - 1
      }
      guard let second = period.start else { return nil }
      if start?.isOwed == true { return second }
      upTo = second - 1
    }
    return nil
  }

  /// The beginning of a period, for expressions that are made good.
  private struct Start {
    let second: Int
    /// Whether the clocks have skipped a time that matches.
    var isOwed = false
    /// The local times that the clocks show for the second time.
    var repeated: Range<Int>?
  }

  private func start(of period: ZonePeriod) -> Start? {
    guard makesGood, let second = period.start else { return nil }
    let before = zone.period(at: second - 1)
    var start = Start(second: second)
    let shift = period.offset - before.offset
    if 1...ClockShiftRule.longest ~= shift {
      start.isOwed = fields.first(from: second + before.offset, before: second + period.offset) != nil
    } else if 1...ClockShiftRule.longest ~= -shift {
      let shown = before.start.map { $0 + before.offset } ?? .min
      start.repeated = max(second + period.offset, shown)..<(second + before.offset)
    }
    return start
  }
}
