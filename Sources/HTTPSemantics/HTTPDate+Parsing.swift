// SPDX-License-Identifier: Apache-2.0
// A recipient accepts three forms (RFC 9110 section 5.6.7). The name of the weekday must be one, but nothing compares
// it with the date: a wrong one changes no meaning.

extension HTTPDate {
  /// The date in any of the three forms that recipients accept: `Sun, 06 Nov 1994 08:49:37 GMT`,
  /// `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`. Nil for any other text.
  ///
  /// - Parameter now: Where the two digits of a year are seen from, in seconds since the epoch. A year that would lie
  ///   more than 50 years ahead is one of the past. The default takes years up to 2069 as ahead.
  public init?(_ text: String, now: Int64 = 1_577_836_800) {
    var reader = DateReader(text)
    guard let civil = reader.date(now: now), reader.isAtEnd else { return nil }
    self.init(secondsSinceEpoch: civil.secondsSinceEpoch)
  }
}

private struct DateReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = Substring(text).utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func date(now: Int64) -> CivilDate? {
    // Longer names first: "Sun" also begins "Sunday".
    if name(of: HTTPDate.longWeekdays) != nil { return rfc850(now: now) }
    guard name(of: HTTPDate.weekdays) != nil else { return nil }
    return take(", ") ? fixdate() : asctime()
  }

  private mutating func fixdate() -> CivilDate? {
    guard let day = number(2), take(" "), let month = month(), take(" "), let year = number(4), take(" "),
      let (hour, minute, second) = time(), take(" GMT")
    else { return nil }
    return CivilDate(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  private mutating func rfc850(now: Int64) -> CivilDate? {
    guard take(", "), let day = number(2), take("-"), let month = month(), take("-"), let short = number(2), take(" "),
      let (hour, minute, second) = time(), take(" GMT")
    else { return nil }
    let thisYear = CivilDate(secondsSinceEpoch: now).year
    var year = thisYear - thisYear % 100 + short
    if year > thisYear + 50 { year -= 100 }
    if year <= thisYear - 50 { year += 100 }
    return CivilDate(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  private mutating func asctime() -> CivilDate? {
    guard take(" "), let month = month(), take(" ") else { return nil }
    let day = take(" ") ? number(1) : number(2)
    guard let day, take(" "), let (hour, minute, second) = time(), take(" "), let year = number(4) else { return nil }
    return CivilDate(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  private mutating func time() -> (Int, Int, Int)? {
    guard let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2) else { return nil }
    return (hour, minute, second)
  }

  private mutating func month() -> Int? { name(of: HTTPDate.months).map { $0 + 1 } }

  private mutating func name(of names: [String]) -> Int? {
    for (index, name) in names.enumerated() where take(name) { return index }
    return nil
  }

  private mutating func number(_ digits: Int) -> Int? {
    guard rest.count >= digits else { return nil }
    var value = 0
    for byte in rest.prefix(digits) {
      guard 0x30...0x39 ~= byte else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    rest = rest.dropFirst(digits)
    return value
  }

  private mutating func take(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }
}
