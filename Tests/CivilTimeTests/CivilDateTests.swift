// SPDX-License-Identifier: Apache-2.0

import CivilTime
import Foundation
import Testing

@Suite("Dates and times of day") struct CivilDateTests {
  @Test
  func `days and dates are each other's, for all days of six hundred years`() {
    var expected = CivilDate(year: -300, month: 1, day: 1)!
    for days in expected.daysSince1970...CivilDate(year: 300, month: 12, day: 31)!.daysSince1970 {
      let date = CivilDate(daysSince1970: days)
      guard date == expected, date.daysSince1970 == days else {
        Issue.record("day \(days) is \(date), and \(expected) was expected")
        return
      }
      let isLast = date.day == CivilDate.days(inMonth: date.month, of: date.year)
      let month = isLast ? date.month % 12 + 1 : date.month
      expected = CivilDate(
        year: isLast && month == 1 ? date.year + 1 : date.year, month: month, day: isLast ? 1 : date.day + 1)!
    }
  }

  @Test func `dates are those of Foundation's calendar`() {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      // From 1600 on: Foundation's calendar is Julian before 1582.
      let seconds = Int.random(in: -11_676_096_000...100_000_000_000, using: &random)
      let civil = CivilDateTime(secondsAsUTC: seconds)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second, .weekday], from: Date(timeIntervalSince1970: Double(seconds)))
      #expect(civil.date.year == parts.year && civil.date.month == parts.month && civil.date.day == parts.day)
      #expect(civil.hour == parts.hour && civil.minute == parts.minute && civil.second == parts.second)
      #expect(civil.date.weekday == parts.weekday! - 1)
      #expect(civil.secondsAsUTC == seconds)
    }
  }

  @Test
  func `a day that doesn't exist is nil`() {
    #expect(CivilDate(year: 2023, month: 2, day: 29) == nil)
    #expect(CivilDate(year: 1900, month: 2, day: 29) == nil)
    #expect(CivilDate(year: 2000, month: 2, day: 29) != nil)
    #expect(CivilDate(year: 2000, month: 13, day: 1) == nil)
    #expect(CivilDate(year: 2000, month: 4, day: 31) == nil)
    #expect(CivilDate(year: 2000, month: 4, day: 0) == nil)
    #expect(CivilDate(year: 1_000_000, month: 1, day: 1) == nil)
    #expect(CivilDateTime(year: 2000, month: 1, day: 1, hour: 24) == nil)
    #expect(CivilDateTime(year: 2000, month: 1, day: 1, minute: 60) == nil)
    #expect(CivilDateTime(year: 2000, month: 1, day: 1, second: -1) == nil)
  }

  @Test func `descriptions are ISO 8601, and order is that of time`() {
    #expect(CivilDateTime(secondsAsUTC: 1_774_746_000).description == "2026-03-29T01:00:00")
    #expect(CivilDateTime(secondsAsUTC: -1).description == "1969-12-31T23:59:59")
    #expect(CivilDate(year: 33, month: 4, day: 3)!.description == "0033-04-03")
    #expect(CivilDate(year: 2026, month: 1, day: 31)! < CivilDate(year: 2026, month: 2, day: 1)!)
    #expect(CivilDateTime(secondsAsUTC: 59) < CivilDateTime(secondsAsUTC: 60))
  }

  @Test func `extreme numbers don't trap`() {
    for number in [Int.min, .min + 1, -1 << 60, 1 << 60, .max - 1, .max] {
      _ = CivilDate(daysSince1970: number).weekday
      _ = CivilDateTime(secondsAsUTC: number).description
    }
  }
}
