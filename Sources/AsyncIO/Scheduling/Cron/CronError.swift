// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a cron expression. Its description is one line with the field and the fault:
/// `cron "61 * * * *": minute 61 is not within 0 to 59`.
public struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of fault.
  public enum Reason: Hashable, Sendable {
    /// The expression has this many fields, not five or six.
    case wrongNumberOfFields(Int)
    /// The expression begins with `@`, and isn't one of the names that exist.
    case unknownName(String)
    /// A number is outside of the field's range.
    case outOfRange(Int, ClosedRange<Int>)
    /// A part of the field can't be read, for the reason in these words.
    case malformed(String, why: String)
    /// No day of any year matches: February 30.
    case never
  }

  /// The fields of an expression.
  public enum Field: String, Hashable, Sendable, CaseIterable {
    case second, minute, hour
    case dayOfMonth = "day of month"
    case month
    case dayOfWeek = "day of week"
  }

  /// The whole expression.
  public let expression: String
  /// The field with the fault; nil if it is one of the whole.
  public let field: Field?
  /// The fault.
  public let reason: Reason

  /// One line with the expression, the field and the fault.
  public var description: String {
    let name = field?.rawValue ?? "the expression"
    let text =
      switch reason {
      case .wrongNumberOfFields(let count):
        "it has \(count) field\(count == 1 ? "" : "s"), and needs 5, or 6 with the second first"
      case .unknownName(let name):
        "\(name) is not among @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"
      case .outOfRange(let number, let range):
        "\(name) \(number) is not within \(range.lowerBound) to \(range.upperBound)"
      case .malformed(let part, let why): "\(name) \"\(part)\": \(why)"
      case .never: "no day of any year matches"
      }
    return "cron \"\(expression)\": \(text)"
  }
}
