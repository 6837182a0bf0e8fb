// SPDX-License-Identifier: Apache-2.0
// The host that a server's certificate has to name. OpenSSL also accepts patterns here: ".example.org" would match
// every name below it. So only a name or an address is passed on.

import COpenSSL

extension TLSSession {
  /// Sends the host's name (SNI), and has the certificate verified against it if the configuration wants that.
  func setHost(_ host: String) throws {
    let parameters = SSL_get0_param(ssl)
    let verifies = context.settings.verification == .full
    if let address = Self.address(host) {
      // An IP address is never sent as SNI (RFC 6066 section 3).
      if verifies { X509_VERIFY_PARAM_set1_ip_asc(parameters, address) }
      return
    }
    var name = host
    if name.hasSuffix(".") { name.removeLast() }
    guard Self.isHostName(name), asyncio_ssl_set_host_name(ssl, name) == 1 else { throw Self.noHost(host) }
    if verifies {
      // The names are those in subjectAltName, with "*" for at most one whole label (RFC 9525 section 6.3).
      X509_VERIFY_PARAM_set_hostflags(
        parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
      guard X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1 else { throw Self.noHost(host) }
    }
  }

  private static func noHost(_ host: String) -> TLSError {
    .configuration("\"\(host)\" is not the name of a host")
  }

  /// Whether this is a host name: labels of letters, digits and hyphens with dots between them (RFC 1123 section 2.1).
  /// Underscores are accepted, since some hosts have them. Other DNS names are not host names.
  static func isHostName(_ name: String) -> Bool {
    guard 1...253 ~= name.utf8.count else { return false }
    return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      1...63 ~= label.count
        && label.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
          default: false
          }
        }
    }
  }

  /// The host as an IP address, or nil if it is a name. Brackets are removed, and so is the zone, which certificates
  /// don't have.
  private static func address(_ host: String) -> String? {
    var text = host[...]
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    if isBracketed { text = text.dropFirst().dropLast() }
    guard !text.utf8.contains(0) else { return nil }
    if let zone = text.utf8.firstIndex(of: UInt8(ascii: "%")) { text = text[..<zone] }
    let isV6 = text.utf8.contains(UInt8(ascii: ":"))
    guard isV6 || !isBracketed && text.endIndex == host.endIndex else { return nil }
    guard let octets = a2i_IPADDRESS(String(text)) else {
      ERR_clear_error()
      return nil
    }
    ASN1_OCTET_STRING_free(octets)
    return String(text)
  }
}
