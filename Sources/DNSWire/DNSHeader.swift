// SPDX-License-Identifier: Apache-2.0

/// The first twelve bytes of a message (RFC 1035, §4.1.1), without the record counts, which follow from the records.
public struct DNSHeader: Hashable, Sendable {
  /// The number that a response repeats from its query.
  public var id: UInt16
  /// QR.
  public var isResponse = false
  /// The kind of query: 0 is an ordinary one. Four bits.
  public var operation: UInt8 = 0
  /// AA: the server is authoritative for this name.
  public var isAuthoritative = false
  /// TC: the answer did not fit; ask again over TCP.
  public var isTruncated = false
  /// RD: the client asks the server to resolve names for which it is not authoritative.
  public var recursionDesired = false
  /// RA: the server offers to do that.
  public var recursionAvailable = false
  /// AD: the server has verified the answer's signatures (RFC 4035, §3.2.3).
  public var isAuthenticated = false
  /// CD: the server need not verify them (RFC 4035, §3.2.2).
  public var checkingDisabled = false
  /// The result of the query: 0 without an error.
  public var responseCode = DNSResponseCode.noError

  /// A query's header with this number.
  public init(id: UInt16) { self.id = id }

  /// Makes a header without the upper bits of the response code, which an OPT record carries.
  init(id: UInt16, flags: UInt16) {
    self.id = id
    isResponse = flags & 0x8000 != 0
    operation = UInt8(flags >> 11 & 15)
    isAuthoritative = flags & 0x0400 != 0
    isTruncated = flags & 0x0200 != 0
    recursionDesired = flags & 0x0100 != 0
    recursionAvailable = flags & 0x0080 != 0
    isAuthenticated = flags & 0x0020 != 0
    checkingDisabled = flags & 0x0010 != 0
    responseCode = DNSResponseCode(rawValue: flags & 15)
  }

  var flags: UInt16 {
    var flags = UInt16(operation & 15) << 11 | responseCode.rawValue & 15
    if isResponse { flags |= 0x8000 }
    if isAuthoritative { flags |= 0x0400 }
    if isTruncated { flags |= 0x0200 }
    if recursionDesired { flags |= 0x0100 }
    if recursionAvailable { flags |= 0x0080 }
    if isAuthenticated { flags |= 0x0020 }
    if checkingDisabled { flags |= 0x0010 }
    return flags
  }
}
