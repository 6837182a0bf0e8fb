// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a zone's data. Its description is one line:
/// `time zone Europe/Berlin: the file ends within its transitions`.
public struct ZoneError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of fault.
  public enum Reason: Hashable, Sendable {
    /// The bytes don't begin with `TZif` (RFC 9636, §3.1).
    case notAZoneFile
    /// The file ends within this part.
    case truncated(String)
    /// A part contradicts the format, in these words.
    case malformed(String)
    /// The file counts leap seconds (a zone of `right/`), which a system's clock doesn't.
    case leapSeconds
    /// A POSIX TZ string can't be read from this character on, counted from 0.
    case badRule(String, at: Int)
    /// The zone can't be had, in these words: `there is no such file`.
    case unavailable(String)
  }

  /// The zone's name, or the TZ string.
  public let zone: String
  /// The fault.
  public let reason: Reason

  /// An error about a zone.
  public init(zone: String, _ reason: Reason) {
    self.zone = zone
    self.reason = reason
  }

  /// One line with the zone and the fault.
  public var description: String {
    let text =
      switch reason {
      case .notAZoneFile: "the file is not a TZif file"
      case .truncated(let part): "the file ends within its \(part)"
      case .malformed(let fault): fault
      case .leapSeconds: "the file counts leap seconds, which the system's clock does not"
      case .badRule(let rule, let place): "the rule \"\(rule)\" cannot be read from character \(place) on"
      case .unavailable(let why): why
      }
    return "time zone \(zone): \(text)"
  }
}
