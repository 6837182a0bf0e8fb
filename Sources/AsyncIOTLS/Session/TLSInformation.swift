// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What a handshake agreed on.
public struct TLSInformation: Hashable, Sendable {
  /// The version of the protocol.
  public let version: TLSVersion
  /// The cipher's name in the RFCs: `TLS_AES_256_GCM_SHA384`.
  public let cipher: String
  /// The application protocol that both sides agreed on (ALPN); nil if they did not negotiate one.
  public let applicationProtocol: String?
  /// The host name that the client asked for (SNI).
  public let serverName: String?
  /// Whether a ticket of an earlier connection shortened the handshake.
  public let isResumed: Bool
  /// The peer's certificate, verified as far as the configuration demands. On a server it is nil unless the server
  /// asked the client for one.
  public let peerCertificate: TLSCertificate?
}

extension TLSInformation: CustomStringConvertible {
  /// The fields that are set: `TLS 1.3, TLS_AES_256_GCM_SHA384, h2, server name example.org, resumed; peer
  /// CN=example.org for example.org, ...`
  public var description: String {
    var parts = [version.description, cipher]
    if let applicationProtocol { parts.append(applicationProtocol) }
    if let serverName { parts.append("server name \(serverName)") }
    if isResumed { parts.append("resumed") }
    return parts.joined(separator: ", ") + (peerCertificate.map { "; peer \($0)" } ?? "")
  }
}

extension TLSSession {
  /// What the handshake agreed on; nil before its end.
  package var information: TLSInformation? {
    guard SSL_is_init_finished(ssl) == 1 else { return nil }
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &count)
    let chosen = name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    let certificate = SSL_get0_peer_certificate(ssl)
    return TLSInformation(
      version: TLSVersion(rawValue: Int(SSL_version(ssl))) ?? .tls12,
      cipher: SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "",
      applicationProtocol: chosen,
      serverName: SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) },
      isResumed: SSL_session_reused(ssl) == 1, peerCertificate: certificate.map { TLSCertificate($0) })
  }
}
