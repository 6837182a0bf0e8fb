// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
public import CivilTime

/// The times of a job, in the notation of cron (crontab(5)).
///
/// ```swift
/// let nightly = try CronExpression("30 3 * * MON-FRI")
/// let next = nightly.next(after: .now, in: try .named("Europe/Berlin"))
/// ```
///
/// Five fields: minute (0–59), hour (0–23), day of month (1–31), month (1–12 or JAN–DEC), day of week (0–7 or SUN–SAT;
/// both 0 and 7 are Sunday). Of six fields the first is the second (0–59). A field is `*`, or numbers and ranges with
/// commas in between: `0,15-20,40-50/2`. A range may wrap (`FRI-MON`, `22-4`). `*/5` is every fifth from the lowest,
/// and `7/5` every fifth from 7 on. In the two fields for days `?` is `*`. In the day of month `L` is the last day. In
/// the day of week `5#2` is the second Friday of the month, and `L5` its last.
///
/// Also `@hourly`, `@daily` or `@midnight`, `@weekly`, `@monthly`, `@yearly` or `@annually`.
///
/// **Two fields for days.** If neither of them begins with `*`, a day that matches one of them is enough:
/// `0 0 13 * FRI` is every Friday, and every 13th. If one begins with `*`, a day must match both. That is cron's rule,
/// also for `*/2`.
///
/// **Changes of the clock.** See `ClockShiftRule`.
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  /// The text that the expression was read from.
  public let description: String
  let fields: CronFields

  /// Reads an expression.
  ///
  /// - Throws: `CronError`, which names the field and the fault. An expression that never matches, such as one for
  ///   February 30, is an error, too.
  public init(_ text: String) throws(CronError) {
    fields = try CronParser(text).fields()
    description = text
  }

  /// Whether a clock in the zone shows a time that the fields match at this second.
  public func matches(_ time: WallTime, in zone: ZoneRules = .utc) -> Bool {
    let seconds = time.secondsSince1970
    guard CronFields.bounds.contains(seconds) else { return false }
    return fields.matches(seconds + zone.offset(at: seconds))
  }

  /// The first time after another, up to the year 9999.
  ///
  /// - Parameters:
  ///   - zone: The zone whose clocks the expression speaks of.
  ///   - shifts: What becomes of times that the zone's clocks skip or show twice.
  /// - Returns: A whole second; nil after the last one.
  public func next(
    after time: WallTime, in zone: ZoneRules = .utc, shifts: ClockShiftRule = .vixie
  ) -> WallTime? {
    let search = CronSearch(fields: fields, zone: zone, rule: shifts)
    return search.first(after: time.secondsSince1970).map { WallTime(secondsSince1970: $0) }
  }

  /// The last time before another, from the year 1 on.
  ///
  /// - Parameters:
  ///   - zone: The zone whose clocks the expression speaks of.
  ///   - shifts: What becomes of times that the zone's clocks skip or show twice.
  /// - Returns: A whole second; nil before the first one.
  public func previous(
    before time: WallTime, in zone: ZoneRules = .utc, shifts: ClockShiftRule = .vixie
  ) -> WallTime? {
    let search = CronSearch(fields: fields, zone: zone, rule: shifts)
    let isWhole = time.nanosecond == 0
    guard time.secondsSince1970 > .min else { return nil }
    return search.last(upTo: isWhole ? time.secondsSince1970 - 1 : time.secondsSince1970)
      .map { WallTime(secondsSince1970: $0) }
  }

  /// The times after another, one after the other.
  ///
  /// ```swift
  /// let quarterly = try CronExpression("0 9 1 */3 *")
  /// for time in quarterly.times(after: .now).prefix(4) { print(time) }
  /// ```
  public func times(
    after time: WallTime, in zone: ZoneRules = .utc, shifts: ClockShiftRule = .vixie
  ) -> some Sequence<WallTime> & Sendable {
    CronTimes(expression: self, last: time, zone: zone, shifts: shifts)
  }

  /// Compares what two expressions match: `@daily` equals `0 0 * * *`.
  public static func == (left: CronExpression, right: CronExpression) -> Bool { left.fields == right.fields }

  public func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

private struct CronTimes: Sequence, IteratorProtocol, Sendable {
  let expression: CronExpression
  var last: WallTime
  let zone: ZoneRules
  let shifts: ClockShiftRule

  mutating func next() -> WallTime? {
    guard let next = expression.next(after: last, in: zone, shifts: shifts) else { return nil }
    last = next
    return next
  }
}
