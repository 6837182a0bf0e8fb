// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

@Suite("The times of cron expressions") struct CronTimesTests {
  private func times(_ text: String, after start: String, _ count: Int) throws -> [String] {
    try CronExpression(text).times(after: time(start)).prefix(count).map(\.description)
  }

  @Test(arguments: [
    ("0 12 * * *", ["2026-01-15T12:00:00Z", "2026-01-16T12:00:00Z"]),
    ("*/25 * * * *", ["2026-01-15T10:50:00Z", "2026-01-15T11:00:00Z", "2026-01-15T11:25:00Z"]),
    ("0 0 29 2 *", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
    ("0 0 L * *", ["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"]),
    ("0 0 * * 5#2", ["2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"]),
    ("0 0 * * L5", ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]),
    ("0 0 * * 1#5", ["2026-03-30T00:00:00Z", "2026-06-29T00:00:00Z"]),
    // Every Friday and every 13th: both are restricted.
    (
      "0 0 13 * FRI",
      ["2026-01-16T00:00:00Z", "2026-01-23T00:00:00Z", "2026-01-30T00:00:00Z", "2026-02-06T00:00:00Z"]
    ),
    // Mondays on odd days: a field that begins with a star restricts the other, too.
    ("0 0 */2 * MON", ["2026-01-19T00:00:00Z", "2026-02-09T00:00:00Z", "2026-02-23T00:00:00Z"]),
    (
      "*/20 30 10 * * *",
      ["2026-01-16T10:30:00Z", "2026-01-16T10:30:20Z", "2026-01-16T10:30:40Z", "2026-01-17T10:30:00Z"]
    ),
    ("30 59 23 31 12 ?", ["2026-12-31T23:59:30Z", "2027-12-31T23:59:30Z"]),
    ("0 0 29 2 */7", ["2032-02-29T00:00:00Z", "2060-02-29T00:00:00Z"]),
  ]) func `the table of times in UTC holds`(text: String, expected: [String]) throws {
    #expect(try times(text, after: "2026-01-15T10:30:50Z", expected.count) == expected)
  }

  @Test
  func `the next time is later, and the previous one earlier, also next to a match`() throws {
    let noon = try CronExpression("0 12 * * *")
    let match = try time("2026-01-15T12:00:00Z")
    #expect(noon.next(after: match) == match + .seconds(86_400))
    #expect(noon.previous(before: match) == match - .seconds(86_400))
    #expect(noon.next(after: match - .nanoseconds(1)) == match)
    #expect(noon.previous(before: match + .nanoseconds(1)) == match)
    #expect(noon.matches(match + .nanoseconds(1)) && !noon.matches(match - .nanoseconds(1)))
  }

  @Test func `there is a last time, in the year 9999, and a first in the year 1`() throws {
    let yearly = try CronExpression("@yearly")
    #expect(yearly.next(after: try time("9998-06-01T00:00:00Z")) == (try time("9999-01-01T00:00:00Z")))
    #expect(yearly.next(after: try time("9999-01-01T00:00:00Z")) == nil)
    #expect(yearly.previous(before: try time("0001-01-01T00:00:00Z")) == nil)
    #expect(yearly.times(after: try time("9996-06-01T00:00:00Z")).reduce(0) { count, _ in count + 1 } == 3)
    for seconds in [Int.min, .min + 1, .max - 1, .max] {
      _ = yearly.next(after: WallTime(secondsSince1970: seconds), in: try .named("Europe/Berlin"))
      _ = yearly.previous(before: WallTime(secondsSince1970: seconds), in: try .named("Europe/Berlin"))
      _ = yearly.matches(WallTime(secondsSince1970: seconds), in: try .named("Europe/Berlin"))
    }
  }

  @Test(arguments: [
    "UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York",
  ]) func `next and previous agree, every time matches, and none between two does`(name: String) throws {
    let zone = name == "UTC" ? ZoneRules.utc : try .named(name)
    var random = Numbers(state: 3)
    func field(_ range: ClosedRange<Int>) -> String {
      switch Int.random(in: 0..<5, using: &random) {
      case 0, 1: return "*"
      case 2: return "*/\(Int.random(in: 2...7, using: &random))"
      case 3: return "\(Int.random(in: range, using: &random)),\(Int.random(in: range, using: &random))"
      default: return "\(Int.random(in: range, using: &random))"
      }
    }
    for _ in 0..<150 {
      let text = [field(0...59), field(0...23), field(1...28), field(1...12), field(0...6)].joined(separator: " ")
      let expression = try CronExpression(text)
      let start = WallTime(secondsSince1970: Int.random(in: 946_684_800...2_000_000_000, using: &random))
      for shifts in [ClockShiftRule.vixie, .followClock] {
        guard let next = expression.next(after: start, in: zone, shifts: shifts) else { continue }
        #expect(next > start, "\(text)")
        let following = try #require(expression.next(after: next, in: zone, shifts: shifts))
        #expect(following > next && expression.previous(before: following, in: zone, shifts: shifts) == next, "\(text)")
        if shifts == .followClock {
          #expect(expression.matches(next, in: zone), "\(text) at \(next)")
          for _ in 0..<20 where next + .seconds(1) < following {
            let between = Int.random(in: next.secondsSince1970 + 1..<following.secondsSince1970, using: &random)
            #expect(!expression.matches(WallTime(secondsSince1970: between), in: zone), "\(text) at \(between)")
          }
        }
      }
    }
  }
}
