// SPDX-License-Identifier: Apache-2.0
// The system's database of time zones: /usr/share/zoneinfo, or the folder that TZDIR names (tzset(3)). Its files have a
// few kilobytes, and every program of the system reads them. So they are read at once and on the loop, as the name
// look-up reads /etc/hosts.

import AsyncIOCore
public import CivilTime
import Glibc

extension ZoneRules {
  /// The rules of a zone by its name in the system's database, such as `Europe/Berlin`.
  ///
  /// ```swift
  /// let berlin = try ZoneRules.named("Europe/Berlin")
  /// print(berlin.civil(at: WallTime.now.secondsSince1970))
  /// ```
  ///
  /// Reads the file each time: keep the value. It doesn't notice a later update of the database.
  ///
  /// - Throws: `ZoneError` if the database lacks the zone, or its file can't be read.
  public static func named(_ name: String) throws(ZoneError) -> ZoneRules {
    let isPlain = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || "_+-/".utf8.contains(byte)
    }
    guard isPlain, !name.isEmpty, !name.hasPrefix("/") else {
      throw ZoneError(zone: "\"\(name)\"", .unavailable("a name has letters, digits and _ + - / only"))
    }
    return try read(name, at: "\(folder)/\(name)")
  }

  /// The zone of this machine, or of this process: the variable TZ, or else /etc/localtime (tzset(3)). UTC if there is
  /// neither.
  ///
  /// - Throws: `ZoneError` if TZ is neither a name of the database nor a POSIX TZ string, or a file can't be read.
  public static func local() throws(ZoneError) -> ZoneRules {
    guard var variable = environment("TZ") else {
      return unsafe access("/etc/localtime", F_OK) == 0 ? try read("local", at: "/etc/localtime") : .utc
    }
    if variable.hasPrefix(":") { variable.removeFirst() }
    if variable.isEmpty { return .utc }
    if variable.hasPrefix("/") { return try read(variable, at: variable) }
    if let rules = try? ZoneRules(posix: variable) { return rules }
    return try named(variable)
  }

  private static var folder: String { environment("TZDIR") ?? "/usr/share/zoneinfo" }

  private static func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

  private static let longest = 1 << 20

  private static func read(_ name: String, at path: String) throws(ZoneError) -> ZoneRules {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unavailable(name, path, errno) }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count <= longest {
      var failure: Int32 = 0
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
        let result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if result < 0 { failure = errno }
        count = max(0, result)
      }
      if failure != 0 { throw unavailable(name, path, failure) }
      if piece.isEmpty { return try ZoneRules(name: name, decoding: bytes) }
      bytes += piece
    }
    throw ZoneError(zone: name, .unavailable("\(path) is longer than a megabyte"))
  }

  private static func unavailable(_ name: String, _ path: String, _ code: Int32) -> ZoneError {
    let hint = unsafe access(folder, F_OK) == 0 ? "" : "; install the package tzdata"
    return ZoneError(
      zone: name, .unavailable("open \(path): \(SystemError.Code(rawValue: code).explanation)\(hint)"))
  }
}
