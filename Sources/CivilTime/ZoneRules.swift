// SPDX-License-Identifier: Apache-2.0
// A zone is a list of instants at which its clocks change, and a rule for the time after the last of them. Seconds are
// counted from 1970-01-01 00:00:00 UTC and without leap seconds, as the system's clock does.

/// The offsets of a time zone from UTC, in the past and the future.
///
/// ```swift
/// let zone = try ZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3")
/// print(zone.civil(at: 1_774_746_000))  // 2026-03-29T03:00:00
/// print(zone.period(at: 1_774_746_000).abbreviation)  // CEST
/// ```
///
/// Not called `TimeZone`, which is Foundation's. `AsyncIO` adds `ZoneRules.named("Europe/Berlin")`.
public struct ZoneRules: Hashable, Sendable, CustomStringConvertible {
  /// The zone's name: `Europe/Berlin`, or the TZ string that it was made from.
  public let name: String
  /// The seconds at which something changes, ascending.
  let transitions: [Int]
  /// What begins with each of them.
  let types: [LocalTimeType]
  /// What there was before the first.
  let first: LocalTimeType
  /// What holds after the last.
  let rule: PosixZone?

  init(name: String, transitions: [Int], types: [LocalTimeType], first: LocalTimeType, rule: PosixZone?) {
    self.name = name
    self.transitions = transitions
    self.types = types
    self.first = first
    self.rule = rule
  }

  /// UTC.
  public static let utc = ZoneRules(name: "UTC", offset: 0)

  /// A zone with one offset at all times, in seconds east of UTC.
  public init(name: String, offset: Int) {
    let type = LocalTimeType(offset: offset, isDaylightSaving: false, abbreviation: name)
    self.init(name: name, transitions: [], types: [], first: type, rule: nil)
  }

  /// The zone of a POSIX TZ string, such as `EST5EDT,M3.2.0,M11.1.0` (POSIX.1-2024, §8.3; RFC 9636, §3.3).
  ///
  /// - Throws: `ZoneError` with the place that can't be read.
  public init(posix text: String) throws(ZoneError) {
    switch PosixZone.parse(text) {
    case .success(let rule):
      self.init(name: text, transitions: [], types: [], first: rule.standard, rule: rule)
    case .failure(let fault): throw ZoneError(zone: text, .badRule(text, at: fault.offset))
    }
  }

  /// The stretch of time with one offset that contains the second.
  public func period(at seconds: Int) -> ZonePeriod {
    guard let last = transitions.last else {
      return rule?.period(at: seconds) ?? ZonePeriod(first, from: nil, to: nil)
    }
    if seconds >= last, let rule {
      var period = rule.period(at: seconds)
      if let start = period.start, start > last { return period }
      period.start = last
      return period
    }
    // The number of transitions up to the second.
    var (low, high) = (0, transitions.count)
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
    }
    return ZonePeriod(
      low == 0 ? first : types[low - 1], from: low == 0 ? nil : transitions[low - 1],
      to: low == transitions.count ? nil : transitions[low])
  }

  /// The seconds by which the zone's clocks are ahead of UTC.
  public func offset(at seconds: Int) -> Int { period(at: seconds).offset }

  /// The date and the time that the zone's clocks show.
  public func civil(at seconds: Int) -> CivilDateTime {
    CivilDateTime(secondsAsUTC: seconds.addingClamped(offset(at: seconds)))
  }

  /// The instants at which the zone's clocks show a date and a time.
  public func instants(of civil: CivilDateTime) -> CivilInstants {
    let local = civil.secondsAsUTC
    // An offset has at most 26 hours (RFC 9636, §3.2).
    let reach = 26 * 3600
    var period = period(at: local - reach)
    var found: [Int] = []
    while true {
      let instant = local - period.offset
      if instant >= period.start ?? .min, instant < period.end ?? .max { found.append(instant) }
      guard let end = period.end, end <= local + reach else { break }
      let next = self.period(at: end)
      if found.isEmpty, local >= end + period.offset, local < end + next.offset { return .skipped(at: end) }
      period = next
    }
    if found.count > 1 { return .repeated(first: found[0], second: found[1]) }
    // A time that is neither skipped nor repeated exists once.
    return .once(found.first ?? local - period.offset)
  }

  /// The zone's name.
  public var description: String { name }
}

/// A stretch of time in which a zone's offset doesn't change.
public struct ZonePeriod: Hashable, Sendable {
  /// Its first second; nil if it has always been so.
  public internal(set) var start: Int?
  /// The second at which it is over; nil if it never is.
  public internal(set) var end: Int?
  /// The seconds by which clocks are ahead of UTC.
  public let offset: Int
  /// Whether this is daylight saving time.
  public let isDaylightSaving: Bool
  /// The name of the time: `CEST`.
  public let abbreviation: String

  init(_ type: LocalTimeType, from start: Int?, to end: Int?) {
    self.start = start
    self.end = end
    offset = type.offset
    isDaylightSaving = type.isDaylightSaving
    abbreviation = type.abbreviation
  }
}

/// What a date and a time of day mean in a zone.
public enum CivilInstants: Hashable, Sendable {
  /// One instant, in seconds since 1970.
  case once(Int)
  /// None: the clocks are set forward over it, at this second.
  case skipped(at: Int)
  /// Two: the clocks are set back.
  case repeated(first: Int, second: Int)
}

/// A local time type record of a TZif file (RFC 9636, §3.2).
struct LocalTimeType: Hashable, Sendable {
  var offset: Int
  var isDaylightSaving: Bool
  var abbreviation: String
}

extension Int {
  func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
