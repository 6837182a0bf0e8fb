// SPDX-License-Identifier: Apache-2.0
// Which fields of a message to write concern the writer. One pass over the names finds them all. The name's length
// decides, so most lines cost one comparison.

/// Names of fields that the writer sets, or that decide what it sets.
struct ReservedNames: OptionSet {
  let rawValue: UInt8
  static let contentLength = ReservedNames(rawValue: 1)
  static let transferEncoding = ReservedNames(rawValue: 2)
  static let host = ReservedNames(rawValue: 4)
  static let connection = ReservedNames(rawValue: 8)
  static let date = ReservedNames(rawValue: 16)
  static let contentType = ReservedNames(rawValue: 32)
}

extension HTTPFields {
  /// The reserved names among the fields.
  @inline(__always)
  var reservedNames: ReservedNames {
    if lines.isEmpty { return [] }
    return storage.withUnsafeBytes { bytes in
      var found: ReservedNames = []
      for line in lines {
        let name = bytes.part(line.name)
        switch name.count {
        case 4:
          if name.equalsIgnoringCase("date") { found.insert(.date) }
          if name.equalsIgnoringCase("host") { found.insert(.host) }
        case 10: if name.equalsIgnoringCase("connection") { found.insert(.connection) }
        case 12: if name.equalsIgnoringCase("content-type") { found.insert(.contentType) }
        case 14: if name.equalsIgnoringCase("content-length") { found.insert(.contentLength) }
        case 17: if name.equalsIgnoringCase("transfer-encoding") { found.insert(.transferEncoding) }
        default: break
        }
      }
      return found
    }
  }

  /// Whether Connection has the element `close`.
  func closesConnection(_ reserved: ReservedNames) -> Bool {
    reserved.contains(.connection) && contains(element: "close", in: "connection")
  }
}
