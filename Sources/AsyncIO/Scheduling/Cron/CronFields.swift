// SPDX-License-Identifier: Apache-2.0
// Seconds here are local ones: what a clock on the wall shows, counted as if the clock were in UTC. Zones and their
// changes come in above.

import CivilTime

/// The fields of a cron expression as sets of bits, and the search for the local times that they match.
struct CronFields: Hashable, Sendable {
  var seconds: UInt64 = 1
  var minutes: UInt64 = 0
  var hours: UInt64 = 0
  /// Bit 1 is the first of the month.
  var days: UInt64 = 0
  /// `L`: the last day of a month.
  var hasLastDay = false
  var months: UInt64 = 0
  /// Bit 0 is Sunday.
  var weekdays: UInt64 = 0
  /// `5#2`: the weekdays whose first to fifth occurrence in a month matches.
  var ordinalWeekdays: [UInt64] = [0, 0, 0, 0, 0]
  /// `L5`: the weekdays whose last occurrence in a month matches.
  var lastWeekdays: UInt64 = 0

  /// Whether a field's text begins with `*`, which is what cron looks at.
  var minuteIsWild = false
  var hourIsWild = false
  var dayIsWild = false
  var weekdayIsWild = false

  /// The seconds of the years 1 to 9999.
  static let bounds = -62_135_596_800..<253_402_300_800

  // MARK: - Days

  /// Vixie's rule: if neither field begins with `*`, one of them is enough; otherwise both must match. So `*/2` in one
  /// of them narrows the other, as in cron itself (https://crontab.guru/cron-bug.html).
  func matches(_ date: CivilDate) -> Bool {
    guard months.contains(date.month) else { return false }
    let day = days.contains(date.day) || hasLastDay && date.day == CivilDate.days(inMonth: date.month, of: date.year)
    if dayIsWild == false && weekdayIsWild == false { return day || matchesWeekday(date) }
    return day && matchesWeekday(date)
  }

  private func matchesWeekday(_ date: CivilDate) -> Bool {
    let weekday = date.weekday
    if weekdays.contains(weekday) { return true }
    if ordinalWeekdays[(date.day - 1) / 7].contains(weekday) { return true }
    return lastWeekdays.contains(weekday) && date.day + 7 > CivilDate.days(inMonth: date.month, of: date.year)
  }

  func matches(_ local: Int) -> Bool {
    let civil = CivilDateTime(secondsAsUTC: local)
    return matches(civil.date) && hours.contains(civil.hour) && minutes.contains(civil.minute)
      && seconds.contains(civil.second)
  }

  // MARK: - Searching

  /// The first match from a local second on, and before another.
  func first(from start: Int, before end: Int) -> Int? {
    let (start, end) = (max(start, Self.bounds.lowerBound), min(end, Self.bounds.upperBound))
    guard start < end else { return nil }
    var (day, time) = start.floored(86_400)
    while day * 86_400 < end {
      let date = CivilDate(daysSince1970: day)
      if !months.contains(date.month) {
        day += CivilDate.days(inMonth: date.month, of: date.year) - date.day + 1
      } else {
        if matches(date), let time = firstTime(from: time) {
          let found = day * 86_400 + time
          return found < end ? found : nil
        }
        day += 1
      }
      time = 0
    }
    return nil
  }

  /// The last match up to a local second, and not before another.
  func last(upTo end: Int, from start: Int) -> Int? {
    let (start, end) = (max(start, Self.bounds.lowerBound), min(end, Self.bounds.upperBound - 1))
    guard start <= end else { return nil }
    var (day, time) = end.floored(86_400)
    while day * 86_400 + 86_399 >= start {
      let date = CivilDate(daysSince1970: day)
      if !months.contains(date.month) {
        day -= date.day
      } else {
        if matches(date), let time = lastTime(upTo: time) {
          let found = day * 86_400 + time
          return found >= start ? found : nil
        }
        day -= 1
      }
      time = 86_399
    }
    return nil
  }

  private func firstTime(from time: Int) -> Int? {
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
    if hours.contains(hour) {
      if minutes.contains(minute), let second = seconds.first(from: second) {
        return hour * 3600 + minute * 60 + second
      }
      if let minute = minutes.first(from: minute + 1) { return hour * 3600 + minute * 60 + seconds.first(from: 0)! }
    }
    guard let hour = hours.first(from: hour + 1) else { return nil }
    return hour * 3600 + minutes.first(from: 0)! * 60 + seconds.first(from: 0)!
  }

  private func lastTime(upTo time: Int) -> Int? {
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
    if hours.contains(hour) {
      if minutes.contains(minute), let second = seconds.last(upTo: second) {
        return hour * 3600 + minute * 60 + second
      }
      if let minute = minutes.last(upTo: minute - 1) { return hour * 3600 + minute * 60 + seconds.last(upTo: 59)! }
    }
    guard let hour = hours.last(upTo: hour - 1) else { return nil }
    return hour * 3600 + minutes.last(upTo: 59)! * 60 + seconds.last(upTo: 59)!
  }
}

// MARK: - Sets of small numbers

extension UInt64 {
  fileprivate func contains(_ number: Int) -> Bool { self >> UInt64(number) & 1 == 1 }

  /// The least number in the set from this one on.
  fileprivate func first(from number: Int) -> Int? {
    let rest = number > 63 ? 0 : self >> UInt64(number)
    return rest == 0 ? nil : number + rest.trailingZeroBitCount
  }

  /// The greatest number in the set up to this one.
  fileprivate func last(upTo number: Int) -> Int? {
    if number < 0 { return nil }
    let rest = self << UInt64(63 - number)
    return rest == 0 ? nil : number - rest.leadingZeroBitCount
  }
}

extension Int {
  fileprivate func floored(_ divisor: Int) -> (Int, Int) {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }
}
