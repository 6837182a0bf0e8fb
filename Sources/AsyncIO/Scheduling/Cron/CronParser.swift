// SPDX-License-Identifier: Apache-2.0

import CivilTime

/// Reads the text of a cron expression.
struct CronParser {
  private let expression: String

  init(_ text: String) { expression = text }

  private func fault(_ field: CronError.Field?, _ reason: CronError.Reason) -> CronError {
    CronError(expression: expression, field: field, reason: reason)
  }

  func fields() throws(CronError) -> CronFields {
    var texts = Self.split(expression)
    if let first = texts.first, first.utf8.first == UInt8(ascii: "@") {
      guard let meaning = Self.names[first.lowercased()], texts.count == 1 else {
        throw fault(nil, .unknownName(texts.joined(separator: " ")))
      }
      texts = Self.split(meaning)
    }
    var fields = CronFields()
    switch texts.count {
    case 5: break
    case 6:
      fields.seconds = try set(.second, texts.removeFirst())
    default: throw fault(nil, .wrongNumberOfFields(texts.count))
    }
    fields.minutes = try set(.minute, texts[0])
    fields.hours = try set(.hour, texts[1])
    try readDays(texts[2], into: &fields)
    fields.months = try set(.month, texts[3])
    try readWeekdays(texts[4], into: &fields)
    fields.minuteIsWild = Self.isWild(texts[0])
    fields.hourIsWild = Self.isWild(texts[1])
    fields.dayIsWild = Self.isWild(texts[2])
    fields.weekdayIsWild = Self.isWild(texts[4])
    // The calendar repeats itself after 400 years.
    let start = CivilDateTime(year: 2000, month: 1, day: 1)!.secondsAsUTC
    if fields.first(from: start, before: start + 146_097 * 86_400) == nil { throw fault(nil, .never) }
    return fields
  }

  private static let names = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
  ]

  /// The parts between spaces and tabs.
  private static func split(_ text: String) -> [String] {
    text.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func isWild(_ text: String) -> Bool {
    text.utf8.first == UInt8(ascii: "*") || text == "?"
  }

  // MARK: - Fields

  private func readDays(_ text: String, into fields: inout CronFields) throws(CronError) {
    for item in try items(.dayOfMonth, text) {
      if item.lowercased() == "l" {
        fields.hasLastDay = true
      } else {
        fields.days |= try range(.dayOfMonth, item)
      }
    }
  }

  private func readWeekdays(_ text: String, into fields: inout CronFields) throws(CronError) {
    for item in try items(.dayOfWeek, text) {
      let parts = item.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2 {
        let weekdays = try range(.dayOfWeek, parts[0])
        guard let ordinal = Self.number(parts[1]), 1...5 ~= ordinal else {
          throw fault(.dayOfWeek, .malformed(item, why: "after # stands which of the month it is, 1 to 5"))
        }
        fields.ordinalWeekdays[ordinal - 1] |= weekdays
      } else if item.count > 1, item.lowercased().hasPrefix("l") {
        fields.lastWeekdays |= 1 << UInt64(try value(.dayOfWeek, String(item.dropFirst()), of: item) % 7)
      } else {
        fields.weekdays |= try range(.dayOfWeek, item)
      }
    }
  }

  private func set(_ field: CronError.Field, _ text: String) throws(CronError) -> UInt64 {
    var set: UInt64 = 0
    for item in try items(field, text) { set |= try range(field, item) }
    return set
  }

  /// The parts between commas.
  private func items(_ field: CronError.Field, _ text: String) throws(CronError) -> [String] {
    let items = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if items.contains("") { throw fault(field, .malformed(text, why: "a part of the list is empty")) }
    return items
  }

  // MARK: - Ranges

  /// A number, a range or `*`, with or without a step.
  private func range(_ field: CronError.Field, _ item: String) throws(CronError) -> UInt64 {
    let limits = field.limits
    let parts = item.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 2 { throw fault(field, .malformed(item, why: "it has two steps")) }
    var step = 1
    if parts.count == 2 {
      guard let number = Self.number(parts[1]), number >= 1 else {
        throw fault(field, .malformed(item, why: "a step is a number from 1 on"))
      }
      step = number
    }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    if ends.count > 2 { throw fault(field, .malformed(item, why: "a range has two ends")) }
    let isForDays = field == .dayOfMonth || field == .dayOfWeek
    if ends == ["*"] || ends == ["?"] && isForDays && parts.count == 1 {
      return Self.set(from: limits.lowerBound, count: limits.count, step: step, within: limits)
    }
    var low = try value(field, ends[0], of: item)
    if ends.count == 1 {
      if field == .dayOfWeek { low %= 7 }
      let high = parts.count == 2 ? limits.upperBound : low
      return Self.set(from: low, count: high - low + 1, step: step, within: limits)
    }
    var high = try value(field, ends[1], of: item)
    // FRI-SUN and 5-7 are Friday to Sunday.
    if field == .dayOfWeek && high == 0 && low > 0 { high = 7 }
    let count = high >= low ? high - low + 1 : limits.count - (low - high) + 1
    return Self.set(from: low, count: count, step: step, within: limits)
  }

  /// Numbers one step apart, going on at the lowest after the highest. A Sunday of 7 becomes 0.
  private static func set(from low: Int, count: Int, step: Int, within limits: ClosedRange<Int>) -> UInt64 {
    var set: UInt64 = 0
    // A step may be as large as an Int.
    var distance = 0
    while distance < count {
      set |= 1 << UInt64(limits.lowerBound + (low + distance - limits.lowerBound) % limits.count)
      distance = step < count ? distance + step : count
    }
    return set
  }

  private func value(_ field: CronError.Field, _ text: String, of item: String) throws(CronError) -> Int {
    if let number = Self.number(text) {
      let range = field == .dayOfWeek ? 0...7 : field.limits
      guard range.contains(number) else { throw fault(field, .outOfRange(number, range)) }
      return number
    }
    if let index = field.names.firstIndex(of: text.uppercased()) { return index + field.limits.lowerBound }
    if text.isEmpty { throw fault(field, .malformed(item, why: "a number is missing")) }
    let names = field.names.isEmpty ? "" : ", and not a name from \(field.names.first!) to \(field.names.last!)"
    throw fault(field, .malformed(text, why: "it is not a number\(names)"))
  }

  /// A number of up to nine digits.
  private static func number(_ text: String) -> Int? {
    guard 1...9 ~= text.utf8.count, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
      return nil
    }
    return Int(text)
  }
}

extension CronError.Field {
  fileprivate var limits: ClosedRange<Int> {
    switch self {
    case .second, .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    case .dayOfWeek: 0...6
    }
  }

  fileprivate var names: [String] {
    switch self {
    case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    default: []
    }
  }
}
