// SPDX-License-Identifier: Apache-2.0
// The proleptic Gregorian calendar of ISO 8601, as arithmetic on days. The algorithms are Howard Hinnant's
// ("chrono-Compatible Low-Level Date Algorithms"). They let a year begin in March, so that the leap day is its last.

/// A day of the Gregorian calendar.
///
/// ```swift
/// let leapDay = CivilDate(year: 2028, month: 2, day: 29)!
/// print(leapDay.weekday, CivilDate(daysSince1970: leapDay.daysSince1970 + 1))  // 2 2028-03-01
/// ```
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The year; 0 is 1 BC.
  public let year: Int
  /// From 1 to 12.
  public let month: Int
  /// From 1 to 31.
  public let day: Int

  /// The years that a date can be written with. Days that are computed may lie beyond.
  public static let years = -999_999...999_999

  /// A day that exists; nil otherwise, and for a year outside of `years`.
  public init?(year: Int, month: Int, day: Int) {
    guard Self.years.contains(year), 1...12 ~= month, day >= 1, day <= Self.days(inMonth: month, of: year) else {
      return nil
    }
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day that many days after 1970-01-01, or before it if negative.
  public init(daysSince1970 days: Int) {
    // Far beyond the seconds that an Int counts, so that nothing below can overflow.
    let days = min(max(days, -(1 << 55)), 1 << 55) + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The days from 1970-01-01 to this day; negative before.
  public var daysSince1970: Int {
    let year = month <= 2 ? self.year - 1 : self.year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The day of the week: 0 for Sunday to 6 for Saturday.
  public var weekday: Int {
    let weekday = (daysSince1970 + 4) % 7
    return weekday < 0 ? weekday + 7 : weekday
  }

  /// The number of days in a month, which is 1 to 12.
  public static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Whether a year has a February 29.
  public static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  public static func < (left: CivilDate, right: CivilDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  /// The date in the form of ISO 8601: `2026-03-29`.
  public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
}

func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number.magnitude)
  return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}
