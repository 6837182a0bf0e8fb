// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

/// What an expression gives around a change of the clock.
struct ShiftCase: Sendable, CustomTestStringConvertible {
  let why: String
  let zone: String
  let expression: String
  let after: String
  var shifts = ClockShiftRule.vixie
  let expected: [String]

  var testDescription: String { "\(zone), \(expression): \(why)" }
}

private let cases = [
  // Berlin, 2026-03-29: from 02:00 to 03:00 at 01:00 UTC.
  ShiftCase(
    why: "a fixed time in the gap counts right after it", zone: "Europe/Berlin", expression: "30 2 * * *",
    after: "2026-03-28T00:00:00Z",
    expected: ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
  ShiftCase(
    why: "several in the gap count once", zone: "Europe/Berlin", expression: "0,15,45 2 * * *",
    after: "2026-03-28T12:00:00Z", expected: ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
  ShiftCase(
    why: "one in the gap and one right after it count once", zone: "Europe/Berlin", expression: "0 2,3 * * *",
    after: "2026-03-28T12:00:00Z",
    expected: ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z"]),
  ShiftCase(
    why: "a wildcard follows the clock over the gap", zone: "Europe/Berlin", expression: "30 * * * *",
    after: "2026-03-28T23:45:00Z", expected: ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"]),
  ShiftCase(
    why: "a step for the minute is a wildcard", zone: "Europe/Berlin", expression: "*/30 2 * * *",
    after: "2026-03-28T12:00:00Z", expected: ["2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"]),
  ShiftCase(
    why: "one that doesn't want the day is not made up for", zone: "Europe/Berlin", expression: "30 2 * * MON",
    after: "2026-03-28T00:00:00Z", expected: ["2026-03-30T00:30:00Z"]),
  ShiftCase(
    why: "times before and after the gap stay", zone: "Europe/Berlin", expression: "59 1 * * *",
    after: "2026-03-28T12:00:00Z", expected: ["2026-03-29T00:59:00Z", "2026-03-29T23:59:00Z"]),
  ShiftCase(
    why: "following the clock leaves the time out", zone: "Europe/Berlin", expression: "30 2 * * *",
    after: "2026-03-28T12:00:00Z", shifts: .followClock, expected: ["2026-03-30T00:30:00Z"]),
  // Berlin, 2026-10-25: from 03:00 to 02:00 at 01:00 UTC.
  ShiftCase(
    why: "a fixed time that comes twice counts the first time", zone: "Europe/Berlin", expression: "30 2 * * *",
    after: "2026-10-24T12:00:00Z", expected: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
  ShiftCase(
    why: "also if the search begins between the two", zone: "Europe/Berlin", expression: "30 2 * * *",
    after: "2026-10-25T00:45:00Z", expected: ["2026-10-26T01:30:00Z"]),
  ShiftCase(
    why: "a wildcard counts both times", zone: "Europe/Berlin", expression: "30 */2 * * *",
    after: "2026-10-24T23:00:00Z",
    expected: ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T03:30:00Z"]),
  ShiftCase(
    why: "every quarter of an hour", zone: "Europe/Berlin", expression: "*/30 2 * * *",
    after: "2026-10-24T12:00:00Z",
    expected: ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]),
  ShiftCase(
    why: "the end of the repeated hour counts once", zone: "Europe/Berlin", expression: "0 3 * * *",
    after: "2026-10-24T12:00:00Z", expected: ["2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"]),
  ShiftCase(
    why: "following the clock counts twice", zone: "Europe/Berlin", expression: "30 2 * * *",
    after: "2026-10-24T12:00:00Z", shifts: .followClock,
    expected: ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"]),
  // New York, 2026-03-08 at 07:00 UTC, and 2026-11-01 at 06:00 UTC.
  ShiftCase(
    why: "a fixed time in the gap", zone: "America/New_York", expression: "15 2 * * *", after: "2026-03-07T12:00:00Z",
    expected: ["2026-03-08T07:00:00Z", "2026-03-09T06:15:00Z"]),
  ShiftCase(
    why: "a fixed time that comes twice", zone: "America/New_York", expression: "15 1 * * *",
    after: "2026-10-31T12:00:00Z", expected: ["2026-11-01T05:15:00Z", "2026-11-02T06:15:00Z"]),
  // Lord Howe, half an hour: 2026-10-03 15:30 UTC from 02:00 to 02:30, 2026-04-04 15:00 UTC from 02:00 to 01:30.
  ShiftCase(
    why: "half an hour is skipped", zone: "Australia/Lord_Howe", expression: "15 2 * * *",
    after: "2026-10-03T00:00:00Z",
    expected: ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]),
  ShiftCase(
    why: "half an hour is skipped, and the time is after it", zone: "Australia/Lord_Howe", expression: "45 2 * * *",
    after: "2026-10-03T00:00:00Z", expected: ["2026-10-03T15:45:00Z", "2026-10-04T15:45:00Z"]),
  ShiftCase(
    why: "half an hour comes twice", zone: "Australia/Lord_Howe", expression: "45 1 * * *",
    after: "2026-04-04T00:00:00Z",
    expected: ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
  ShiftCase(
    why: "half an hour comes twice, for a wildcard", zone: "Australia/Lord_Howe", expression: "45 * * * *",
    after: "2026-04-04T14:30:00Z",
    expected: ["2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-04T16:15:00Z"]),
  // Samoa went over the date line: 2011-12-30 didn't exist.
  ShiftCase(
    why: "the jobs of a day that didn't exist don't run", zone: "Pacific/Apia", expression: "0 12 * * *",
    after: "2011-12-29T00:00:00Z", expected: ["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"]),
  ShiftCase(
    why: "a job of the 30th waits for the next month", zone: "Pacific/Apia", expression: "0 12 30 * *",
    after: "2011-12-29T00:00:00Z", expected: ["2012-01-29T22:00:00Z"]),
  // Morocco goes back for Ramadan: 2026-02-15 02:00 UTC, forward again 2026-03-22 02:00 UTC.
  ShiftCase(
    why: "summer time that pauses", zone: "Africa/Casablanca", expression: "30 2 * * *", after: "2026-02-14T12:00:00Z",
    expected: ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"]),
  ShiftCase(
    why: "nothing happens", zone: "UTC", expression: "30 2 * * *", after: "2026-03-29T00:00:00Z",
    expected: ["2026-03-29T02:30:00Z", "2026-03-30T02:30:00Z"]),
]

@Suite("Vixie's rule for changes of the clock") struct ClockShiftTests {
  @Test(arguments: cases) func `the table of changes holds in both directions`(of shift: ShiftCase) throws {
    let (expression, zone) = (try CronExpression(shift.expression), try ZoneRules.named(shift.zone))
    let times = expression.times(after: try time(shift.after), in: zone, shifts: shift.shifts)
    #expect(times.prefix(shift.expected.count).map(\.description) == shift.expected)
    // And backwards.
    var back = [String]()
    var last = try time(shift.expected.last!) + .seconds(1)
    for _ in shift.expected {
      last = try #require(expression.previous(before: last, in: zone, shifts: shift.shifts))
      back.insert(last.description, at: 0)
    }
    #expect(back == shift.expected)
  }

  @Test(arguments: [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Sao_Paulo",
    "Antarctica/Troll",
  ]) func `a daily job at any time runs once a day, in every zone with changes`(name: String) throws {
    let zone = try ZoneRules.named(name)
    let (start, days) = (try time("2016-01-01T00:00:00Z"), 366 + 365)
    let end = start + .seconds(days * 86_400)
    for minute in stride(from: 0, to: 24 * 60, by: 30) {
      let expression = try CronExpression("\(minute % 60) \(minute / 60) * * *")
      var dates: [CivilDate] = []
      for time in expression.times(after: start, in: zone) {
        if time > end { break }
        dates.append(zone.civil(at: time.secondsSince1970).date)
      }
      #expect(Set(dates).count == dates.count, "\(expression) ran twice a day")
      #expect(abs(dates.count - days) <= 1, "\(expression) ran on \(dates.count) of \(days) days")
    }
  }
}
