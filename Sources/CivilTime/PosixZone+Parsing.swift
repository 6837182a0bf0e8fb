// SPDX-License-Identifier: Apache-2.0

extension PosixZone {
  /// Reads a TZ string. Returns nil and the place of the fault if it is not one.
  static func parse(_ text: String) -> Result<PosixZone, PosixFault> {
    var reader = Reader(bytes: Array(text.utf8))
    do throws(PosixFault) { return .success(try reader.zone()) } catch { return .failure(error) }
  }

  /// The place from which a TZ string can't be read.
  struct PosixFault: Error {
    let offset: Int
  }

  private struct Reader {
    let bytes: [UInt8]
    var place = 0

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ character: Character) -> Bool {
      guard next == character.asciiValue else { return false }
      place += 1
      return true
    }

    mutating func zone() throws(PosixFault) -> PosixZone {
      let name = try abbreviation()
      let offset = -(try time(upTo: 24))
      var zone = PosixZone(standard: LocalTimeType(offset: offset, isDaylightSaving: false, abbreviation: name))
      guard next != nil else { return zone }
      var daylight = LocalTimeType(offset: offset + 3600, isDaylightSaving: true, abbreviation: try abbreviation())
      if let next, next != UInt8(ascii: ",") { daylight.offset = -(try time(upTo: 24)) }
      if next == nil {
        // The rule of the United States, as glibc has for `EST5EDT`.
        zone.daylight = Daylight(
          type: daylight, begin: Change(day: .weekday(month: 3, week: 2, weekday: 0)),
          end: Change(day: .weekday(month: 11, week: 1, weekday: 0)))
        return zone
      }
      let begin = try change()
      zone.daylight = Daylight(type: daylight, begin: begin, end: try change())
      if place < bytes.count { throw PosixFault(offset: place) }
      return zone
    }

    private mutating func abbreviation() throws(PosixFault) -> String {
      let start = place
      let isQuoted = take("<")
      let first = place
      while let byte = next, isQuoted ? byte != UInt8(ascii: ">") : byte.isLetter {
        guard byte.isLetter || byte.isDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") else {
          throw PosixFault(offset: place)
        }
        place += 1
      }
      let name = bytes[first..<place]
      guard name.count >= 3, !isQuoted || take(">") else { throw PosixFault(offset: start) }
      return String(decoding: name, as: UTF8.self)
    }

    private mutating func number(_ range: ClosedRange<Int>) throws(PosixFault) -> Int {
      let start = place
      var value = 0
      while let byte = next, byte.isDigit, place - start < 4 {
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
        place += 1
      }
      guard place > start, range.contains(value) else { throw PosixFault(offset: start) }
      return value
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    private mutating func time(upTo hours: Int) throws(PosixFault) -> Int {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      var seconds = try number(0...hours) * 3600
      if take(":") {
        seconds += try number(0...59) * 60
        if take(":") { seconds += try number(0...59) }
      }
      return isNegative ? -seconds : seconds
    }

    /// `,day[/time]`.
    private mutating func change() throws(PosixFault) -> Change {
      guard take(",") else { throw PosixFault(offset: place) }
      var change = Change(day: try day())
      // RFC 9636 allows a week in each direction.
      if take("/") { change.time = try time(upTo: 167) }
      return change
    }

    private mutating func day() throws(PosixFault) -> Day {
      if take("J") { return .julian(try number(1...365)) }
      guard take("M") else { return .zeroBased(try number(0...365)) }
      let month = try number(1...12)
      guard take(".") else { throw PosixFault(offset: place) }
      let week = try number(1...5)
      guard take(".") else { throw PosixFault(offset: place) }
      return .weekday(month: month, week: week, weekday: try number(0...6))
    }
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20
  }

  fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
