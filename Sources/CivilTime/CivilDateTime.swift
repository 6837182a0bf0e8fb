// SPDX-License-Identifier: Apache-2.0

/// A date and a time of day, as a clock on the wall shows them. Which instant it means depends on a zone: it may mean
/// none, or two.
///
/// ```swift
/// let meeting = CivilDateTime(year: 2026, month: 3, day: 29, hour: 2, minute: 30)!
/// print(zone.instants(of: meeting))  // in Europe/Berlin: skipped
/// ```
public struct CivilDateTime: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The day.
  public let date: CivilDate
  /// From 0 to 23.
  public let hour: Int
  /// From 0 to 59.
  public let minute: Int
  /// From 0 to 59.
  public let second: Int

  /// A date and a time of day that exist; nil otherwise.
  public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    guard let date = CivilDate(year: year, month: month, day: day), 0...23 ~= hour, 0...59 ~= minute, 0...59 ~= second
    else { return nil }
    self.date = date
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// What a clock in UTC shows that many seconds after 1970-01-01 00:00:00 UTC.
  public init(secondsAsUTC seconds: Int) {
    let (days, rest) = seconds.floored(by: 86_400)
    date = CivilDate(daysSince1970: days)
    hour = rest / 3600
    minute = rest / 60 % 60
    second = rest % 60
  }

  /// The seconds from 1970-01-01 00:00:00 UTC to the instant at which a clock in UTC shows this.
  public var secondsAsUTC: Int { date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second }

  public static func < (left: CivilDateTime, right: CivilDateTime) -> Bool { left.secondsAsUTC < right.secondsAsUTC }

  /// The date and the time in the form of ISO 8601: `2026-03-29T02:30:00`.
  public var description: String { "\(date)T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }
}

extension Int {
  /// The quotient rounded down, and the rest, which is never negative.
  func floored(by divisor: Int) -> (quotient: Int, rest: Int) {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }
}
