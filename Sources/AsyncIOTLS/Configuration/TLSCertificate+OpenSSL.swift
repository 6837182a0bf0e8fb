// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

extension TLSCertificate {
  /// Copies what is of use from OpenSSL's certificate, which the caller still owns.
  init(_ certificate: OpaquePointer) {
    subject = Self.text { asyncio_x509_name_print($0, X509_get_subject_name(certificate)) }
    issuer = Self.text { asyncio_x509_name_print($0, X509_get_issuer_name(certificate)) }
    serialNumber = Self.text { i2a_ASN1_INTEGER($0, X509_get0_serialNumber(certificate)) }
    names = Self.names(of: certificate)
    notBefore = Time(X509_get0_notBefore(certificate))
    notAfter = Time(X509_get0_notAfter(certificate))
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = i2d_X509(certificate, &bytes)
    der = bytes.map { Array(UnsafeBufferPointer(start: $0, count: Int(count))) } ?? []
    CRYPTO_free(bytes, #file, #line)
  }

  /// Returns what `write` puts into a memory BIO.
  private static func text(_ write: (OpaquePointer) -> Int32) -> String {
    guard let bio = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(bio) }
    _ = write(bio)
    var start: UnsafeMutablePointer<CChar>?
    let count = asyncio_bio_memory(bio, &start)
    return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  private static func names(of certificate: OpaquePointer) -> [String] {
    var names: [String] = []
    withUnsafeMutablePointer(to: &names) { names in
      asyncio_x509_for_each_name(certificate, names) { context, isAddress, bytes, count in
        let bytes = UnsafeBufferPointer(start: bytes, count: Int(count))
        let name = isAddress == 0 ? String(decoding: bytes, as: UTF8.self) : TLSCertificate.address(bytes)
        context!.assumingMemoryBound(to: [String].self).pointee.append(name)
      }
    }
    return names
  }

  private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard bytes.count == 4 || bytes.count == 16,
      inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes.baseAddress!, &text, socklen_t(text.count)) != nil
    else { return "an invalid address" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension TLSCertificate.Time {
  init(_ time: UnsafePointer<ASN1_TIME>?) {
    var parts = tm()
    guard asyncio_asn1_time(time, &parts) == 1 else {
      self.init(secondsSince1970: 0, description: "an invalid time")
      return
    }
    func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))"
    let description = "\(day) \(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec)) UTC"
    self.init(secondsSince1970: Int64(timegm(&parts)), description: description)
  }
}
