// SPDX-License-Identifier: Apache-2.0
// Not Foundation's `Date`, which this library doesn't import, and not `Double`: a time is told to the nanosecond.

import Glibc

/// A point in time by the clock that people and other machines go by: seconds since 1970-01-01 00:00:00 UTC, without
/// leap seconds (CLOCK_REALTIME of clock_gettime(2)).
///
/// ```swift
/// let deadline = WallTime("2026-03-29T01:00:00Z")!
/// print(deadline + .seconds(90), deadline.duration(to: .now))
/// ```
///
/// The clock can be set, forwards and backwards. To measure a duration, take `EventLoop.time`.
public struct WallTime: InstantProtocol, Sendable, CustomStringConvertible {
  /// The whole seconds since 1970-01-01 00:00:00 UTC, rounded down; negative before.
  public let secondsSince1970: Int
  /// The nanoseconds since that second: 0 to 999,999,999.
  public let nanosecond: Int

  /// A point in time. Nanoseconds of more than a second count on.
  public init(secondsSince1970 seconds: Int, nanosecond: Int = 0) {
    let whole = nanosecond >= 0 ? nanosecond / 1_000_000_000 : (nanosecond - 999_999_999) / 1_000_000_000
    let (sum, overflow) = seconds.addingReportingOverflow(whole)
    secondsSince1970 = overflow ? (whole < 0 ? .min : .max) : sum
    self.nanosecond = nanosecond - whole * 1_000_000_000
  }

  /// Reads a time of ISO 8601 in UTC, `2026-03-29T01:00:00Z`; nil for any other text.
  ///
  /// A fraction of up to nine digits may follow the seconds.
  public init?(_ text: String) {
    var fields = [Int]()
    let bytes = Array(text.utf8)
    let template = Array("0000-00-00T00:00:00".utf8)
    guard bytes.count > template.count, bytes.last == UInt8(ascii: "Z") else { return nil }
    var value = 0
    for (byte, expected) in zip(bytes, template) {
      if expected == UInt8(ascii: "0") {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      } else {
        guard byte == expected else { return nil }
        fields.append(value)
        value = 0
      }
    }
    fields.append(value)
    var nanosecond = 0
    let rest = bytes[template.count..<(bytes.count - 1)]
    if !rest.isEmpty {
      guard rest.first == UInt8(ascii: "."), 2...10 ~= rest.count else { return nil }
      for byte in rest.dropFirst() {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        nanosecond = nanosecond * 10 + Int(byte - UInt8(ascii: "0"))
      }
      for _ in rest.count..<10 { nanosecond *= 10 }
    }
    var parts = unsafe tm()
    unsafe parts.tm_year = Int32(fields[0]) - 1900
    unsafe parts.tm_mon = Int32(fields[1]) - 1
    unsafe parts.tm_mday = Int32(fields[2])
    unsafe parts.tm_hour = Int32(fields[3])
    unsafe parts.tm_min = Int32(fields[4])
    unsafe parts.tm_sec = Int32(fields[5])
    let seconds = unsafe timegm(&parts)
    self.init(secondsSince1970: seconds, nanosecond: nanosecond)
    // timegm carries days and seconds that don't exist on: February 30 is March 2.
    guard description.utf8.prefix(template.count).elementsEqual(bytes.prefix(template.count)) else { return nil }
  }

  /// The time later by the duration.
  public func advanced(by duration: Duration) -> WallTime {
    let (seconds, attoseconds) = duration.clampedToSeconds
    let (sum, overflow) = secondsSince1970.addingReportingOverflow(seconds)
    if overflow { return WallTime(secondsSince1970: seconds < 0 ? .min : .max) }
    return WallTime(secondsSince1970: sum, nanosecond: nanosecond + attoseconds / 1_000_000_000)
  }

  /// The time from this one to the other.
  public func duration(to other: WallTime) -> Duration {
    .seconds(other.secondsSince1970) - .seconds(secondsSince1970) + .nanoseconds(other.nanosecond - nanosecond)
  }

  public static func < (left: WallTime, right: WallTime) -> Bool {
    (left.secondsSince1970, left.nanosecond) < (right.secondsSince1970, right.nanosecond)
  }

  /// The time later by the duration.
  public static func + (time: WallTime, duration: Duration) -> WallTime { time.advanced(by: duration) }

  /// The time earlier by the duration.
  public static func - (time: WallTime, duration: Duration) -> WallTime { time.advanced(by: .zero - duration) }

  /// The time in UTC in the form of ISO 8601: `2026-03-29T01:00:00Z`, with a fraction only if there is one.
  public var description: String {
    var parts = unsafe tm()
    var seconds = secondsSince1970
    guard unsafe gmtime_r(&seconds, &parts) != nil else { return "\(secondsSince1970) s since 1970" }
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date =
      unsafe "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
    let time = unsafe "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
    if nanosecond == 0 { return "\(date)T\(time)Z" }
    var fraction = padded(nanosecond, 9)
    while fraction.last == "0" { fraction.removeLast() }
    return "\(date)T\(time).\(fraction)Z"
  }
}

extension Duration {
  /// The seconds, as far as an Int holds them, and the attoseconds of a further second.
  fileprivate var clampedToSeconds: (Int, Int) {
    let attoseconds = attoseconds
    // `components` traps for durations of more seconds than an Int64 holds.
    let (seconds, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
    return (Int(clamping: seconds), Int(rest))
  }
}
