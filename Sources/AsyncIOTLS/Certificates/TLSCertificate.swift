// SPDX-License-Identifier: Apache-2.0

/// An X.509 certificate (RFC 5280): what a program asks about a peer's.
public struct TLSCertificate: Hashable, Sendable {
  /// A point of time in a certificate, to the second.
  public struct Time: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970 in UTC.
    public let secondsSince1970: Int64
    /// `2026-05-01 12:00:00 UTC`.
    public let description: String

    public static func < (left: Time, right: Time) -> Bool { left.secondsSince1970 < right.secondsSince1970 }
  }

  /// Whom it is about, in the form of RFC 2253: `CN=example.org,O=Example`.
  public let subject: String
  /// Who signed it.
  public let issuer: String
  /// In hexadecimal digits.
  public let serialNumber: String
  /// The hosts it is for: names, perhaps with a wildcard, and IP addresses (subjectAltName).
  public let names: [String]
  public let notBefore: Time
  public let notAfter: Time
  /// All of it, for a program that looks at more, or pins it.
  public let der: [UInt8]
}

extension TLSCertificate: CustomStringConvertible {
  /// `CN=example.org for example.org, www.example.org, issuer CN=Example CA, notAfter 2026-05-01 12:00:00 UTC`.
  public var description: String {
    "\(subject) for \(TLSError.Kind.few(names)), issuer \(issuer), notAfter \(notAfter)"
  }
}
