// SPDX-License-Identifier: Apache-2.0
// An SSL_CTX: a configuration loaded into OpenSSL. It does not change once made, and then any number of connections on
// any number of threads may use it. A client's tickets have their own mutex.

import COpenSSL
import Glibc

final class TLSContext: @unchecked Sendable {
  // Sendable: see the head of the file.

  let settings: TLSConfiguration.Settings
  let pointer: OpaquePointer
  let tickets: TicketStore
  /// The protocols in wire format: each after its length.
  private let protocols: UnsafeMutableBufferPointer<UInt8>

  init(_ settings: TLSConfiguration.Settings) throws {
    _ = Self.openSSL
    ERR_clear_error()
    self.settings = settings
    tickets = TicketStore()
    protocols = try Self.wireForm(settings.applicationProtocols)
    guard let pointer = SSL_CTX_new(settings.role == .client ? TLS_client_method() : TLS_server_method()) else {
      protocols.deallocate()
      throw TLSError.configuration("OpenSSL can't be started: \(words(takeDecisiveError()))")
    }
    self.pointer = pointer
    asyncio_ssl_ctx_set_defaults(pointer)
    guard settings.minimumVersion <= settings.maximumVersion,
      asyncio_ssl_ctx_set_versions(
        pointer, Int32(settings.minimumVersion.rawValue), Int32(settings.maximumVersion.rawValue)) == 1
    else { throw TLSError.configuration("minimumVersion is above maximumVersion") }
    try loadIdentity()
    try loadTrust()
    setApplicationProtocols()
    setResumption()
    noteRefusedRenegotiations()
  }

  deinit {
    SSL_CTX_free(pointer)
    protocols.deallocate()
  }

  /// Starts OpenSSL without its clean-up at exit: loops on other threads may still be using it then.
  private static let openSSL: Void = { OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) }()

  // MARK: - The own certificate

  private func loadIdentity() throws {
    guard let chain = settings.certificateChain else {
      if settings.privateKey != nil { throw TLSError.configuration("a private key without a certificate") }
      return
    }
    let reader = try PEMReader(chain, what: "certificate chain")
    let certificates = try reader.certificates()
    defer { certificates.forEach(X509_free) }
    guard SSL_CTX_use_certificate(pointer, certificates[0]) == 1 else {
      throw TLSError.configuration("\(reader.name): can't be used: \(words(takeDecisiveError()))")
    }
    for certificate in certificates.dropFirst() {
      guard asyncio_ssl_ctx_add_chain_certificate(pointer, certificate) == 1 else {
        throw TLSError.configuration("\(reader.name): can't be used: \(words(takeDecisiveError()))")
      }
    }
    // One file may hold both the chain and the key.
    let keyReader = try PEMReader(settings.privateKey ?? chain, what: "private key")
    let key = try keyReader.privateKey()
    defer { EVP_PKEY_free(key) }
    guard X509_check_private_key(certificates[0], key) == 1 else {
      throw TLSError.configuration("\(keyReader.name): is not the key to \(reader.name)")
    }
    guard SSL_CTX_use_PrivateKey(pointer, key) == 1 else {
      throw TLSError.configuration("\(keyReader.name): can't be used: \(words(takeDecisiveError()))")
    }
  }

  // MARK: - Trust

  private var verifiesPeers: Bool {
    settings.role == .client ? settings.verification != .none : settings.clientCertificates != .notRequested
  }

  private func loadTrust() throws {
    guard verifiesPeers, let store = SSL_CTX_get_cert_store(pointer) else { return }
    for roots in settings.roots {
      switch roots {
      case .system:
        // Missing places are not an error. With no trusted certificate, every handshake fails and says so.
        SSL_CTX_set_default_verify_paths(pointer)
      case .pem(let pem):
        let certificates = try PEMReader(pem, what: "roots").certificates()
        defer { certificates.forEach(X509_free) }
        for certificate in certificates {
          X509_STORE_add_cert(store, certificate)
          // Tells clients which issuers' certificates the server accepts.
          if settings.role == .server { SSL_CTX_add_client_CA(pointer, certificate) }
        }
      }
    }
    for pem in settings.revocationLists {
      let lists = try PEMReader(pem, what: "revocation list").revocationLists()
      for list in lists { X509_STORE_add_crl(store, list) }
      lists.forEach(X509_CRL_free)
    }
    // A certificate that the configuration names is trusted even if it is not a root.
    var flags = X509_V_FLAG_PARTIAL_CHAIN
    if !settings.revocationLists.isEmpty { flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL }
    X509_STORE_set_flags(store, UInt(flags))
    ERR_clear_error()
    var mode = SSL_VERIFY_PEER
    if settings.clientCertificates == .required { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
    SSL_CTX_set_verify(pointer, mode, rememberRefusedCertificate)
  }

  // MARK: - Protocols

  private static func wireForm(_ names: [String]) throws -> UnsafeMutableBufferPointer<UInt8> {
    var bytes: [UInt8] = []
    for name in names {
      guard 1...255 ~= name.utf8.count else {
        throw TLSError.configuration("applicationProtocols: \"\(name)\" is not 1 to 255 bytes long")
      }
      bytes.append(UInt8(name.utf8.count))
      bytes.append(contentsOf: name.utf8)
    }
    guard bytes.count <= 65_535 else { throw TLSError.configuration("applicationProtocols: more than 64 KiB") }
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = buffer.initialize(from: bytes)
    return buffer
  }

  private func setApplicationProtocols() {
    guard protocols.count > 0 else { return }
    if settings.role == .client {
      SSL_CTX_set_alpn_protos(pointer, protocols.baseAddress, UInt32(protocols.count))
      return
    }
    // Safety: connections hold the context, so it outlives every handshake.
    SSL_CTX_set_alpn_select_cb(
      pointer,
      { _, chosen, chosenCount, offered, offeredCount, context in
        let ours = Unmanaged<TLSContext>.fromOpaque(context!).takeUnretainedValue().protocols
        var found: UnsafeMutablePointer<UInt8>?
        let result = SSL_select_next_proto(
          &found, chosenCount, ours.baseAddress, UInt32(ours.count), offered, offeredCount)
        chosen?.pointee = UnsafePointer(found)
        return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  // MARK: - Renegotiation

  /// Notes that a peer asked for renegotiation and was refused. Most peers then give up. The refusal is the reason to
  /// report, not the alert that they end with.
  private func noteRefusedRenegotiations() {
    SSL_CTX_set_info_callback(pointer) { ssl, event, alert in
      guard event == SSL_CB_WRITE_ALERT, alert & 0xff == SSL_AD_NO_RENEGOTIATION else { return }
      TLSSession.of(ssl)?.hasRefusedRenegotiation = true
    }
  }

  // MARK: - Resumption

  private func setResumption() {
    // OpenSSL's own cache would keep 20,000 sessions of a server. A ticket stores the whole session at the client.
    asyncio_ssl_ctx_set_session_cache_mode(
      pointer, Int(settings.role == .client ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF))
    guard settings.resumesSessions else {
      asyncio_ssl_ctx_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
      return asyncio_ssl_ctx_set_no_tickets(pointer)
    }
    if settings.role == .server {
      // A client that was verified once is not verified again when it resumes. The name separates our tickets from
      // those of other uses of the key.
      let name = Array("swift-asyncio".utf8)
      SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count))
    } else {
      SSL_CTX_sess_set_new_cb(pointer) { ssl, ticket in
        guard let session = TLSSession.of(ssl), let key = session.resumptionKey, let ticket else { return 0 }
        return session.context.tickets.keep(ticket, for: key) ? 1 : 0
      }
    }
  }
}
