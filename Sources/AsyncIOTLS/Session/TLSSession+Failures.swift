// SPDX-License-Identifier: Apache-2.0
// Names for OpenSSL's error codes. Only the verify callback learns which certificate was refused, and why: OpenSSL's
// session holds a certificate only after it was accepted.

import COpenSSL

/// OpenSSL's verify callback. It leaves the verdict unchanged.
let rememberRefusedCertificate: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, store in
  if isGood == 1 { return 1 }
  let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
  guard let ssl, let session = TLSSession.of(OpaquePointer(ssl)) else { return isGood }
  let certificate = X509_STORE_CTX_get_current_cert(store)
  session.refusal = TLSSession.Refusal(
    code: X509_STORE_CTX_get_error(store), certificate: certificate.map { TLSCertificate($0) })
  return isGood
}

/// Takes OpenSSL's verdict out of the thread's error queue, and empties the queue. Each layer that an error passes adds
/// an error of its own. For a certificate with a wrong signature the queue holds an error of RSA or EC, then `EVP lib`,
/// then SSL's, which blames the certificate. The decisive one is SSL's first that does more than point to a layer
/// below. Without such an error it is the first of all, where the failure began.
func takeDecisiveError() -> UInt {
  var (first, decisive): (UInt, UInt) = (0, 0)
  while true {
    let error = ERR_get_error()
    if error == 0 { return decisive != 0 ? decisive : first }
    if first == 0 { first = error }
    let isPointer = asyncio_err_is_common(error) == 1
    if decisive == 0 && asyncio_err_library(error) == ERR_LIB_SSL && !isPointer { decisive = error }
  }
}

/// OpenSSL's text for an error: `bad base64 decode`.
func words(_ error: UInt) -> String {
  guard error != 0, let text = ERR_reason_error_string(error) else { return "unknown error" }
  return String(cString: text)
}

extension TLSSession {
  /// The kind for an error of a handshake, a read or a write.
  func kind(of error: UInt) -> TLSError.Kind {
    if phase == .handshaking && !looksLikeTLS { return .notTLS }
    guard asyncio_err_library(error) == ERR_LIB_SSL else { return .protocolViolation(words(error)) }
    let reason = asyncio_err_reason(error)
    switch reason {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return refusal.map { kind(ofRefusal: $0.code, $0.certificate) } ?? .certificateInvalid(words(error))
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .certificateMissing
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
      SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return .noSharedVersion
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SUITABLE_KEY_SHARE,
      SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_CIPHERS_AVAILABLE:
      return .noSharedCipher
    case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: return .noSharedApplicationProtocol
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return .notTLS
    case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
      let alert = TLSAlert(code: UInt8(reason - SSL_AD_REASON_OFFSET))
      return hasRefusedRenegotiation ? .renegotiationRefused(alert) : .alert(alert)
    default: return .protocolViolation(words(error))
    }
  }

  private func kind(ofRefusal code: Int32, _ certificate: TLSCertificate?) -> TLSError.Kind {
    switch code {
    case X509_V_ERR_CERT_HAS_EXPIRED: .certificateExpired
    case X509_V_ERR_CERT_NOT_YET_VALID: .certificateNotYetValid
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      .certificateForAnotherName(names: certificate?.names ?? [])
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .certificateSelfSigned
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
      .certificateIssuerUnknown
    case X509_V_ERR_CERT_REVOKED: .certificateRevoked
    case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
      X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
      .revocationUnknown
    case X509_V_ERR_INVALID_PURPOSE: .certificateForAnotherPurpose
    default: .certificateInvalid(String(cString: X509_verify_cert_error_string(Int(code))))
    }
  }
}
