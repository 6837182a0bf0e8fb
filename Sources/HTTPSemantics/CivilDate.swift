// SPDX-License-Identifier: Apache-2.0
// Days and civil dates, by the proleptic Gregorian calendar. The algorithm counts years from March, so that the leap
// day is a year's last (Howard Hinnant, "chrono-compatible low-level date algorithms").

/// A date and a time of day in UTC, in whole seconds.
struct CivilDate: Hashable {
  var year: Int
  /// 1 to 12.
  var month: Int
  /// 1 to 31.
  var day: Int
  var hour: Int
  var minute: Int
  /// 0 to 60: a leap second counts as the first second of the next minute.
  var second: Int

  static let secondsADay: Int64 = 86_400

  /// The date at a number of seconds since 1970-01-01T00:00:00Z.
  init(secondsSinceEpoch seconds: Int64) {
    let days = Int((seconds - Self.remainder(seconds, Self.secondsADay)) / Self.secondsADay)
    let rest = Int(Self.remainder(seconds, Self.secondsADay))
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = rest / 3600
    minute = rest / 60 % 60
    second = rest % 60
  }

  /// A date by its parts; nil if the calendar does not have it.
  init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    guard 1...12 ~= month, 1...Self.days(inMonth: month, of: year) ~= day else { return nil }
    guard 0...23 ~= hour, 0...59 ~= minute, 0...60 ~= second else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// Seconds since 1970-01-01T00:00:00Z.
  var secondsSinceEpoch: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return Int64(days) * Self.secondsADay + Int64(hour * 3600 + minute * 60 + second)
  }

  /// 0 is Sunday.
  var weekday: Int {
    let days = (secondsSinceEpoch - Self.remainder(secondsSinceEpoch, Self.secondsADay)) / Self.secondsADay
    return Int(Self.remainder(days + 4, 7))
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The remainder that is never negative.
  private static func remainder(_ number: Int64, _ divisor: Int64) -> Int64 {
    let rest = number % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
