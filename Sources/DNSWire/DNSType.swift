// SPDX-License-Identifier: Apache-2.0
// Numbers that IANA assigns ("Domain Name System (DNS) Parameters"). Any value may come; some have names here.

/// The type of a record or of a question.
public struct DNSType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// IANA's number.
  public let rawValue: UInt16

  /// A type by IANA's number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let a = DNSType(rawValue: 1)
  public static let ns = DNSType(rawValue: 2)
  public static let cname = DNSType(rawValue: 5)
  public static let soa = DNSType(rawValue: 6)
  public static let ptr = DNSType(rawValue: 12)
  public static let mx = DNSType(rawValue: 15)
  public static let txt = DNSType(rawValue: 16)
  public static let aaaa = DNSType(rawValue: 28)
  public static let srv = DNSType(rawValue: 33)
  /// The pseudo-record of EDNS, which `DNSMessage.edns` holds.
  public static let opt = DNSType(rawValue: 41)
  /// A question for all types.
  public static let any = DNSType(rawValue: 255)

  private static let names: [UInt16: String] = [
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 41: "OPT", 255: "ANY",
  ]

  /// `AAAA`, or `TYPE65280` for a type without a name here (RFC 3597, §5).
  public var description: String { Self.names[rawValue] ?? "TYPE\(rawValue)" }
}

/// The class of a record or of a question: the Internet's, except in very old or special uses.
public struct DNSClass: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// IANA's number.
  public let rawValue: UInt16

  /// A class by IANA's number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let internet = DNSClass(rawValue: 1)
  public static let chaos = DNSClass(rawValue: 3)
  public static let any = DNSClass(rawValue: 255)

  /// `IN`, or `CLASS254` for a class without a name here (RFC 3597, §5).
  public var description: String {
    switch self {
    case .internet: "IN"
    case .chaos: "CH"
    case .any: "ANY"
    default: "CLASS\(rawValue)"
    }
  }
}

/// The result of a query: twelve bits with EDNS (RFC 6891, §6.1.3), else four.
public struct DNSResponseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// 0 to 4095.
  public let rawValue: UInt16

  /// A response code by IANA's number, of which only the lower twelve bits count.
  public init(rawValue: UInt16) { self.rawValue = rawValue & 0xfff }

  public static let noError = DNSResponseCode(rawValue: 0)
  /// FORMERR: the server could not read the query.
  public static let formatError = DNSResponseCode(rawValue: 1)
  /// SERVFAIL.
  public static let serverFailure = DNSResponseCode(rawValue: 2)
  /// NXDOMAIN: the name doesn't exist, for any type.
  public static let noSuchName = DNSResponseCode(rawValue: 3)
  /// NOTIMP.
  public static let notImplemented = DNSResponseCode(rawValue: 4)
  /// REFUSED.
  public static let refused = DNSResponseCode(rawValue: 5)
  /// BADVERS: the server doesn't support this version of EDNS.
  public static let badVersion = DNSResponseCode(rawValue: 16)

  private static let names: [UInt16: String] = [
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS",
  ]

  /// `SERVFAIL`, or `RCODE9` for a code without a name here.
  public var description: String { Self.names[rawValue] ?? "RCODE\(rawValue)" }
}
