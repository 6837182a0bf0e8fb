// SPDX-License-Identifier: Apache-2.0

/// An X.509 certificate (RFC 5280), with the fields that programs ask about.
public struct TLSCertificate: Hashable, Sendable {
  /// A moment in a certificate, to the second.
  public struct Time: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970 in UTC.
    public let secondsSince1970: Int64
    /// `2026-05-01 12:00:00 UTC`.
    public let description: String

    public static func < (left: Time, right: Time) -> Bool { left.secondsSince1970 < right.secondsSince1970 }
  }

  /// The holder, in the form of RFC 2253: `CN=example.org,O=Example`.
  public let subject: String
  /// The authority that signed it, in the form of `subject`.
  public let issuer: String
  /// The serial number in hexadecimal digits.
  public let serialNumber: String
  /// The hosts it is valid for (subjectAltName): names, perhaps with a wildcard, and IP addresses.
  public let names: [String]
  /// The first moment at which it is valid.
  public let notBefore: Time
  /// The last moment at which it is valid.
  public let notAfter: Time
  /// The whole certificate in DER, for programs that read other fields or pin it.
  public let der: [UInt8]
}

extension TLSCertificate: CustomStringConvertible {
  /// `CN=example.org for example.org, www.example.org, issuer CN=Example CA, notAfter 2026-05-01 12:00:00 UTC`.
  public var description: String {
    "\(subject) for \(TLSError.Kind.few(names)), issuer \(issuer), notAfter \(notAfter)"
  }
}
