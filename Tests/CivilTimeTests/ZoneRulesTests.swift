// SPDX-License-Identifier: Apache-2.0

import CivilTime
import Foundation
import Testing

/// The bytes of a zone of this system.
func zoneFile(_ name: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
}

func zone(_ name: String) throws -> ZoneRules { try ZoneRules(name: name, decoding: zoneFile(name)) }

func civil(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> CivilDateTime {
  CivilDateTime(year: year, month: month, day: day, hour: hour, minute: minute)!
}

@Suite("The rules of zones") struct ZoneRulesTests {
  @Test func `periods are told with their ends, their offset and their name`() throws {
    let berlin = try zone("Europe/Berlin")
    let summer = berlin.period(at: civil(2026, 7, 1).secondsAsUTC)
    #expect(summer.offset == 7200 && summer.isDaylightSaving && summer.abbreviation == "CEST")
    #expect(summer.start == civil(2026, 3, 29, 1).secondsAsUTC && summer.end == civil(2026, 10, 25, 1).secondsAsUTC)
    #expect(berlin.offset(at: summer.start! - 1) == 3600 && berlin.offset(at: summer.end!) == 3600)
    // Far in the future the footer's rule holds, and before 1893 there was local mean time.
    #expect(berlin.period(at: civil(2500, 7, 1).secondsAsUTC).abbreviation == "CEST")
    let first = berlin.period(at: civil(1800, 1, 1).secondsAsUTC)
    #expect(first.start == nil && first.offset == 3208 && first.abbreviation == "LMT")
    #expect(ZoneRules.utc.period(at: 0).start == nil && ZoneRules.utc.period(at: 0).end == nil)
  }

  @Test(arguments: ["Europe/Berlin", "America/New_York"])
  func `the periods of every zone follow each other without a gap`(name: String) throws {
    let zone = try zone(name)
    var period = zone.period(at: civil(1800, 1, 1).secondsAsUTC)
    var count = 0
    while let end = period.end, end < civil(2200, 1, 1).secondsAsUTC {
      let next = zone.period(at: end)
      #expect(next.start == end && zone.period(at: end - 1) == period)
      period = next
      count += 1
    }
    #expect(count > 400)
  }

  @Test
  func `a local time exists once, never, or twice`() throws {
    let berlin = try zone("Europe/Berlin")
    #expect(berlin.instants(of: civil(2026, 6, 1, 12)) == .once(civil(2026, 6, 1, 10).secondsAsUTC))
    #expect(berlin.instants(of: civil(2026, 3, 29, 2, 30)) == .skipped(at: civil(2026, 3, 29, 1).secondsAsUTC))
    #expect(berlin.instants(of: civil(2026, 3, 29, 3)) == .once(civil(2026, 3, 29, 1).secondsAsUTC))
    let twice = CivilInstants.repeated(
      first: civil(2026, 10, 25, 0, 30).secondsAsUTC, second: civil(2026, 10, 25, 1, 30).secondsAsUTC)
    #expect(berlin.instants(of: civil(2026, 10, 25, 2, 30)) == twice)
    // Half an hour, and a day.
    let island = try zone("Australia/Lord_Howe")
    #expect(island.instants(of: civil(2026, 10, 4, 2, 15)) == .skipped(at: civil(2026, 10, 3, 15, 30).secondsAsUTC))
    #expect(island.instants(of: civil(2026, 10, 4, 2, 30)) == .once(civil(2026, 10, 3, 15, 30).secondsAsUTC))
    let samoa = try zone("Pacific/Apia")
    #expect(samoa.instants(of: civil(2011, 12, 30, 12)) == .skipped(at: civil(2011, 12, 30, 10).secondsAsUTC))
    #expect(samoa.civil(at: civil(2011, 12, 30, 10).secondsAsUTC) == civil(2011, 12, 31))
  }

  @Test(arguments: [
    "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll",
  ]) func `every local time of some years is one of the instants that it is said to be`(name: String) throws {
    let zone = try zone(name)
    for local in stride(from: civil(2024, 1, 1).secondsAsUTC, to: civil(2027, 1, 1).secondsAsUTC, by: 900) {
      let clock = CivilDateTime(secondsAsUTC: local)
      switch zone.instants(of: clock) {
      case .once(let instant): #expect(zone.civil(at: instant) == clock)
      case .repeated(let first, let second):
        #expect(first < second && zone.civil(at: first) == clock && zone.civil(at: second) == clock)
      case .skipped(let instant): #expect(zone.civil(at: instant - 1) < clock && zone.civil(at: instant) > clock)
      }
    }
  }

  @Test(arguments: [
    ("CET-1CEST,M3.5.0,M10.5.0/3", 7200, 3600), ("EST5EDT", -14_400, -18_000),
    ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 37_800, 39_600),
    ("UTC0", 0, 0), ("<-03>3", -10_800, -10_800), ("IST-2IDT,M3.4.4/26,M10.5.0", 10_800, 7200),
    // Always summer time (RFC 9636, §3.3.1).
    ("XXX3EDT4,0/0,J365/23", -14_400, -14_400), ("AAA-1BBB,J60,J300/-2", 7200, 3600),
  ]) func `TZ strings of POSIX are read`(text: String, july: Int, january: Int) throws {
    let zone = try ZoneRules(posix: text)
    for year in [1999, 2026, 2400] {
      #expect(zone.offset(at: civil(year, 7, 15).secondsAsUTC) == july)
      #expect(zone.offset(at: civil(year, 1, 15).secondsAsUTC) == january)
    }
  }

  @Test(arguments: [
    ("", 0), ("AB1", 0), ("CET", 3), ("CET-25", 4), ("CET-1CEST,M3.5.0", 16), ("CET-1CEST,M13.5.0,M10.5.0", 11),
    ("CET-1CEST,M3.6.0,M10.5.0", 13), ("CET-1CEST,M3.5.7,M10.5.0", 15), ("CET-1CEST,M3.5.0,M10.5.0x", 24),
    ("<+0", 0), ("CET-1CEST,J0,J5", 11), ("CET-1CEST,M3.5.0/168,M10.5.0", 17), ("<é00>5", 1),
  ]) func `a TZ string that can't be read names the place`(text: String, place: Int) throws {
    let error = #expect(throws: ZoneError.self) { try ZoneRules(posix: text) }
    #expect(error == ZoneError(zone: text, .badRule(text, at: place)))
  }

  @Test func `extreme times don't trap`() throws {
    let zones = [try zone("Europe/Berlin"), try ZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"), .utc]
    for zone in zones {
      for seconds in [Int.min, .min + 1, -1 << 60, -1 << 59, 1 << 59, 1 << 60, .max - 1, .max] {
        let period = zone.period(at: seconds)
        #expect(period.start ?? .min <= seconds && period.end ?? .max >= period.start ?? .min)
        _ = zone.civil(at: seconds)
      }
      for year in [-999_999, 999_999] { _ = zone.instants(of: civil(year, 6, 1)) }
    }
  }
}
