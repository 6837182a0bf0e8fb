// SPDX-License-Identifier: Apache-2.0
// The rule of a POSIX TZ string: the variable TZ (POSIX.1-2024, §8.3), and the footer of a TZif file (RFC 9636, §3.3).
// `CET-1CEST,M3.5.0,M10.5.0/3` is CET, an hour ahead of UTC. CEST begins at 02:00 of the last Sunday of March, and ends
// at 03:00 of the last Sunday of October.

/// The offsets of a zone in every year, from a POSIX TZ string.
struct PosixZone: Hashable, Sendable {
  var standard: LocalTimeType
  var daylight: Daylight?

  struct Daylight: Hashable, Sendable {
    var type: LocalTimeType
    var begin: Change
    var end: Change
  }

  /// A day of each year, and a time of that day in seconds, which may lie days away.
  struct Change: Hashable, Sendable {
    var day: Day
    var time = 7200
  }

  enum Day: Hashable, Sendable {
    /// Jn: 1 to 365, without counting February 29.
    case julian(Int)
    /// n: 0 to 365, counting it.
    case zeroBased(Int)
    /// Mm.w.d: the weekday's occurrence in a month, 5 being the last.
    case weekday(month: Int, week: Int, weekday: Int)

    func daysSince1970(in year: Int) -> Int {
      let newYear = day(year, 1)
      switch self {
      case .julian(let day): return newYear + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
      case .zeroBased(let day): return newYear + day
      case .weekday(let month, let week, let weekday):
        let first = day(year, month)
        let distance = (weekday - CivilDate(daysSince1970: first).weekday + 7) % 7
        let found = first + distance + (week - 1) * 7
        return found < first + CivilDate.days(inMonth: month, of: year) ? found : found - 7
      }
    }

    private func day(_ year: Int, _ month: Int) -> Int { CivilDate.first(ofMonth: month, in: year) }
  }

  /// The stretch of time with one offset that contains the second.
  func period(at seconds: Int) -> ZonePeriod {
    // The bound of RFC 9636, §3.2, beyond which the arithmetic might overflow.
    guard let daylight, seconds.magnitude <= 1 << 59 else { return ZonePeriod(standard, from: nil, to: nil) }
    let year = CivilDateTime(secondsAsUTC: seconds).date.year
    var previous: (start: Int, type: LocalTimeType)?
    for (start, type) in changes(daylight, in: year - 1...year + 1) {
      if start > seconds, let previous { return ZonePeriod(previous.type, from: previous.start, to: start) }
      previous = (start, type)
    }
    return ZonePeriod(previous!.type, from: previous!.start, to: nil)
  }

  /// The changes of some years in their order. Of two at the same second daylight time comes last: it lasts all year.
  private func changes(_ daylight: Daylight, in years: ClosedRange<Int>) -> [(Int, LocalTimeType)] {
    var changes: [(start: Int, type: LocalTimeType)] = []
    for year in years {
      let begin = daylight.begin.day.daysSince1970(in: year) * 86_400 + daylight.begin.time - standard.offset
      let end = daylight.end.day.daysSince1970(in: year) * 86_400 + daylight.end.time - daylight.type.offset
      changes.append((begin, daylight.type))
      changes.append((end, standard))
    }
    changes.sort { ($0.start, $0.type.isDaylightSaving ? 1 : 0) < ($1.start, $1.type.isDaylightSaving ? 1 : 0) }
    return changes
  }
}

extension CivilDate {
  /// The first day of a month of any year, in days since 1970.
  static func first(ofMonth month: Int, in year: Int) -> Int {
    let (eras, yearOfEra) = year.floored(by: 400)
    return CivilDate(year: yearOfEra, month: month, day: 1)!.daysSince1970 + eras * 146_097
  }
}
