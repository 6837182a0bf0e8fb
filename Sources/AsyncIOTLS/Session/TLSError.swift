// SPDX-License-Identifier: Apache-2.0
// One error type. Programs decide on the kind. The description is one line for people: what was tried, with which peer,
// why it failed, and which certificate it was about.

import AsyncIO

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
  /// The step that failed.
  public enum Operation: String, Hashable, Sendable {
    case configuration, handshake, receive, send
  }

  /// The reason, one name for each.
  public enum Kind: Hashable, Sendable {
    /// The peer's certificate, or one above it, is past its notAfter.
    case certificateExpired
    /// The peer's certificate, or one above it, is before its notBefore.
    case certificateNotYetValid
    /// The certificate is valid, but for other names than the one that was asked for.
    case certificateForAnotherName(names: [String])
    /// The peer's certificate is self-signed and not one of the roots.
    case certificateSelfSigned
    /// The certificate's chain leads to no trusted root.
    case certificateIssuerUnknown
    /// A revocation list of its issuer names the certificate.
    case certificateRevoked
    /// Revocation is checked, and the configuration has no valid list of the certificate's issuer.
    case revocationUnknown
    /// The certificate is for another use: for example, a server shows one for clients.
    case certificateForAnotherPurpose
    /// The certificate is invalid for another reason, in OpenSSL's words.
    case certificateInvalid(String)
    /// The server requires a certificate of the client, and the client sent none.
    case certificateMissing
    /// The two sides share no version of the protocol.
    case noSharedVersion
    /// The two sides share no cipher, group or signature algorithm.
    case noSharedCipher
    /// None of the client's protocols (ALPN) is one of the server's.
    case noSharedApplicationProtocol
    /// The peer does not speak TLS.
    case notTLS
    /// The connection ended without the peer's close_notify, so data may be missing.
    case truncated
    /// The peer gave up and sent this alert.
    case alert(TLSAlert)
    /// The peer did not finish the handshake in time, see `TLSConfiguration.handshakeTimeLimit`.
    case handshakeTimedOut(after: Duration)
    /// The stream was closed, and the peer did not receive the rest of what was written in time.
    case shutdownTimedOut(after: Duration)
    /// The peer asked for a renegotiation (TLS 1.2), which is always refused, and gave up with this alert.
    case renegotiationRefused(TLSAlert)
    /// The program wrote before the end of the handshake.
    case handshakeIncomplete
    /// The peer broke the protocol, in OpenSSL's words.
    case protocolViolation(String)
    /// The configuration can't be used; the text says which file or setting is wrong, and why.
    case invalidConfiguration(String)
  }

  /// The step that failed.
  public let operation: Operation
  /// The host's name or the peer's address; empty for a configuration.
  public let peer: String
  /// The reason.
  public let kind: Kind
  /// The certificate that was refused, if the peer sent one.
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

  /// One line: the step, the peer and the reason.
  public var description: String {
    // During the handshake a missing close_notify says nothing: a peer that does not speak TLS closes like that.
    let isClosedEarly = operation == .handshake && kind == .truncated
    let reason = isClosedEarly ? "peer closed the connection" : "\(kind)\(about.map { " (\($0))" } ?? "")"
    return switch operation {
    case .configuration: "TLS configuration: \(reason)"
    case .handshake: "TLS handshake with \(peer): \(reason)"
    case .receive: "TLS receive from \(peer): \(reason)"
    case .send: "TLS send to \(peer): \(reason)"
    }
  }

  /// The part of the certificate that explains the reason.
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
  /// The reason in words, without the peer.
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
    case .certificateMissing: "peer sent no certificate"
    case .noSharedVersion: "no shared protocol version"
    case .noSharedCipher: "no shared cipher"
    case .noSharedApplicationProtocol: "no shared application protocol (ALPN)"
    case .notTLS: "peer does not speak TLS"
    case .truncated: "connection ended without close_notify"
    case .alert(let alert): "peer sent the alert \(alert)"
    case .handshakeTimedOut(let limit): "timed out after \(limit)"
    case .shutdownTimedOut(let limit): "peer did not receive all data within \(limit)"
    case .renegotiationRefused(let alert): "renegotiation was refused, and the peer sent the alert \(alert)"
    case .handshakeIncomplete: "handshake is not complete"
    case .protocolViolation(let reason), .invalidConfiguration(let reason): reason
    }
  }

  /// The first names only: a certificate can have hundreds.
  static func few(_ names: [String]) -> String {
    if names.isEmpty { return "no name" }
    let first = names.prefix(4).joined(separator: ", ")
    return names.count > 4 ? "\(first) and \(names.count - 4) more" : first
  }
}

extension TLSError: PeerDeparture {
  /// Whether the client just left. One that connects and leaves (a health check), or that omits close_notify, is not a
  /// failure of the server's handler.
  package var isPeerDeparture: Bool { kind == .truncated }
}
