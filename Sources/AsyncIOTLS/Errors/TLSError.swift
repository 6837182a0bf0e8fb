// SPDX-License-Identifier: Apache-2.0
// One error type. The kind is what a program decides on; the description is one line for people that names what was
// tried, with whom, why it failed, and which certificate it was about.

/// Why TLS failed.
///
/// `description` is one line: `TLS handshake with example.org: certificate has expired (CN=example.org, notAfter
/// 2024-05-01 12:00:00 UTC)`.
///
/// ```swift
/// do {
///   _ = try await ByteStream.connect(host: "example.org", port: 443, tls: .client())
/// } catch let error as TLSError {
///   switch error.kind {
///   case .certificateExpired, .certificateNotYetValid: print("look at the clocks: \(error)")
///   case .notTLS: print("is that the right port? \(error)")
///   default: print(error)
///   }
/// }
/// ```
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done.
  public enum Operation: String, Hashable, Sendable {
    case configuration, handshake, receive, send
  }

  /// Each reason by name.
  public enum Kind: Hashable, Sendable {
    /// The peer's certificate, or one above it, is past its notAfter.
    case certificateExpired
    /// The peer's certificate, or one above it, is before its notBefore.
    case certificateNotYetValid
    /// The certificate is good, but for other names than the one that was asked for.
    case certificateForAnotherName(names: [String])
    /// The peer's certificate is signed by itself, and is none of the roots.
    case certificateSelfSigned
    /// No root is above the certificate.
    case certificateIssuerUnknown
    /// A revocation list of its issuer names the certificate.
    case certificateRevoked
    /// Revocation is checked, and no valid list of the certificate's issuer was given.
    case revocationUnknown
    /// The certificate is not for this use, as a client's that a server shows.
    case certificateForAnotherPurpose
    /// The certificate is wrong in another way, in OpenSSL's words.
    case certificateInvalid(String)
    /// A client has to show a certificate, and showed none.
    case certificateMissing
    /// No version of the protocol suits both sides.
    case noSharedVersion
    /// No cipher, group or signature algorithm suits both sides.
    case noSharedCipher
    /// None of the client's protocols (ALPN) is one of the server's.
    case noSharedApplicationProtocol
    /// What the peer sends is something else than TLS.
    case notTLS
    /// The connection ended without the peer's close_notify: something may be missing.
    case truncated
    /// The peer gave up, and said why.
    case alert(TLSAlert)
    /// The peer did not finish its part of the handshake in time.
    case handshakeTimedOut(after: Duration)
    /// The stream was closed, and the peer did not take the rest of what had been written in time.
    case shutdownTimedOut(after: Duration)
    /// The peer wanted a new handshake on the connection (TLS 1.2), which is always refused, and gave up.
    case renegotiationRefused(TLSAlert)
    /// Something was to be sent before the end of the handshake.
    case handshakeIncomplete
    /// What the peer sent breaks the protocol, in OpenSSL's words.
    case protocolViolation(String)
    /// A configuration that can't be used: what is wrong with which file or setting.
    case invalidConfiguration(String)
  }

  public let operation: Operation
  /// With whom: the name of the host, or the peer's address; empty for a configuration.
  public let peer: String
  public let kind: Kind
  /// The certificate that was refused.
  public let certificate: TLSCertificate?

  init(_ operation: Operation, _ peer: String, _ kind: Kind, certificate: TLSCertificate? = nil) {
    self.operation = operation
    self.peer = peer
    self.kind = kind
    self.certificate = certificate
  }

  static func configuration(_ reason: String) -> TLSError {
    TLSError(.configuration, "", .invalidConfiguration(reason))
  }

  public var description: String {
    // The handshake's end is no news of close_notify: who is no TLS server at all closes like that.
    let isClosedEarly = operation == .handshake && kind == .truncated
    let reason = isClosedEarly ? "peer closed the connection" : "\(kind)\(about.map { " (\($0))" } ?? "")"
    return switch operation {
    case .configuration: "TLS configuration: \(reason)"
    case .handshake: "TLS handshake with \(peer): \(reason)"
    case .receive: "TLS receive from \(peer): \(reason)"
    case .send: "TLS send to \(peer): \(reason)"
    }
  }

  /// What of the certificate explains the reason.
  private var about: String? {
    guard let certificate else { return nil }
    return switch kind {
    case .certificateExpired: "\(certificate.subject), notAfter \(certificate.notAfter)"
    case .certificateNotYetValid: "\(certificate.subject), notBefore \(certificate.notBefore)"
    case .certificateIssuerUnknown, .revocationUnknown: "\(certificate.subject), issuer \(certificate.issuer)"
    case .certificateRevoked: "\(certificate.subject), serial number \(certificate.serialNumber)"
    default: certificate.subject
    }
  }
}

extension TLSError.Kind: CustomStringConvertible {
  /// The reason in words, without the peer it is about.
  public var description: String {
    switch self {
    case .certificateExpired: "certificate has expired"
    case .certificateNotYetValid: "certificate is not valid yet"
    case .certificateForAnotherName(let names): "certificate is for \(Self.few(names))"
    case .certificateSelfSigned: "certificate is self-signed"
    case .certificateIssuerUnknown: "certificate has an unknown issuer"
    case .certificateRevoked: "certificate was revoked"
    case .revocationUnknown: "no valid revocation list for the certificate"
    case .certificateForAnotherPurpose: "certificate is for another purpose"
    case .certificateInvalid(let reason): "certificate is invalid: \(reason)"
    case .certificateMissing: "peer showed no certificate"
    case .noSharedVersion: "no shared protocol version"
    case .noSharedCipher: "no shared cipher"
    case .noSharedApplicationProtocol: "no shared application protocol (ALPN)"
    case .notTLS: "peer does not speak TLS"
    case .truncated: "connection ended without close_notify"
    case .alert(let alert): "peer sent the alert \(alert)"
    case .handshakeTimedOut(let limit): "timed out after \(limit)"
    case .shutdownTimedOut(let limit): "peer did not take what was written within \(limit)"
    case .renegotiationRefused(let alert): "renegotiation was refused, and the peer sent the alert \(alert)"
    case .handshakeIncomplete: "handshake is not complete"
    case .protocolViolation(let reason), .invalidConfiguration(let reason): reason
    }
  }

  /// A certificate can have hundreds.
  static func few(_ names: [String]) -> String {
    if names.isEmpty { return "no name" }
    let first = names.prefix(4).joined(separator: ", ")
    return names.count > 4 ? "\(first) and \(names.count - 4) more" : first
  }
}
