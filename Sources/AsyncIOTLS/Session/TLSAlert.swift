// SPDX-License-Identifier: Apache-2.0

/// The alert that a peer sends before it gives up a connection (RFC 8446 section 6).
public struct TLSAlert: Hashable, Sendable, CustomStringConvertible {
  /// The alert's number in the protocol.
  public let code: UInt8

  /// An alert by its number.
  public init(code: UInt8) { self.code = code }

  public static let unexpectedMessage = TLSAlert(code: 10)
  public static let badRecordMAC = TLSAlert(code: 20)
  public static let recordOverflow = TLSAlert(code: 22)
  public static let handshakeFailure = TLSAlert(code: 40)
  public static let badCertificate = TLSAlert(code: 42)
  public static let unsupportedCertificate = TLSAlert(code: 43)
  public static let certificateRevoked = TLSAlert(code: 44)
  public static let certificateExpired = TLSAlert(code: 45)
  public static let certificateUnknown = TLSAlert(code: 46)
  public static let illegalParameter = TLSAlert(code: 47)
  public static let unknownCA = TLSAlert(code: 48)
  public static let accessDenied = TLSAlert(code: 49)
  public static let decodeError = TLSAlert(code: 50)
  public static let decryptError = TLSAlert(code: 51)
  public static let protocolVersion = TLSAlert(code: 70)
  public static let insufficientSecurity = TLSAlert(code: 71)
  public static let internalError = TLSAlert(code: 80)
  public static let inappropriateFallback = TLSAlert(code: 86)
  public static let userCanceled = TLSAlert(code: 90)
  public static let missingExtension = TLSAlert(code: 109)
  public static let unsupportedExtension = TLSAlert(code: 110)
  public static let unrecognizedName = TLSAlert(code: 112)
  public static let badCertificateStatusResponse = TLSAlert(code: 113)
  public static let unknownPSKIdentity = TLSAlert(code: 115)
  public static let certificateRequired = TLSAlert(code: 116)
  public static let noApplicationProtocol = TLSAlert(code: 120)

  /// The RFC's name, such as `handshake_failure`, or `alert 99` for an unknown number.
  public var description: String { Self.names[code] ?? "alert \(code)" }

  private static let names: [UInt8: String] = [
    10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 110: "unsupported_extension",
    112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
  ]
}
