// SPDX-License-Identifier: Apache-2.0

/// A point in time as HTTP writes it: whole seconds in UTC (RFC 9110 section 5.6.7).
///
/// ```swift
/// let date = HTTPDate(secondsSinceEpoch: 784_111_777)
/// assert(date.description == "Sun, 06 Nov 1994 08:49:37 GMT")
/// assert(HTTPDate("Sunday, 06-Nov-94 08:49:37 GMT") == date)
/// ```
public struct HTTPDate: Hashable, Comparable, Sendable {
  /// Seconds since 1970-01-01T00:00:00Z, from the year 0 to the year 9999: the format has four digits for the year.
  public let secondsSinceEpoch: Int64

  private static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

  /// The date of a number of seconds since 1970-01-01T00:00:00Z, moved into the years 0 to 9999.
  public init(secondsSinceEpoch seconds: Int64) {
    secondsSinceEpoch = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
  }

  public static func < (left: HTTPDate, right: HTTPDate) -> Bool { left.secondsSinceEpoch < right.secondsSinceEpoch }

  static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  static let longWeekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

extension HTTPDate: CustomStringConvertible {
  /// The date as an IMF-fixdate, the only form to send: `Sun, 06 Nov 1994 08:49:37 GMT`.
  public var description: String {
    let civil = CivilDate(secondsSinceEpoch: secondsSinceEpoch)
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(Self.weekdays[civil.weekday]), \(padded(civil.day)) \(Self.months[civil.month - 1]) "
      + "\(padded(civil.year, 4)) \(padded(civil.hour)):\(padded(civil.minute)):\(padded(civil.second)) GMT"
  }
}
