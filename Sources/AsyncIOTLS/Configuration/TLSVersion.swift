// SPDX-License-Identifier: Apache-2.0

/// A version of TLS. Older versions are broken (RFC 8996) and not supported.
public enum TLSVersion: Int, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// RFC 5246.
  case tls12 = 0x0303
  /// RFC 8446.
  case tls13 = 0x0304

  public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

  /// `TLS 1.3`.
  public var description: String { self == .tls12 ? "TLS 1.2" : "TLS 1.3" }
}
