// SPDX-License-Identifier: Apache-2.0
// Reads objects from PEM. Every error is one line that names the file and what was looked for in it.

import AsyncIOCore
import COpenSSL
import Glibc

final class PEMReader {
  private let bio: OpaquePointer
  /// The file's name, or "PEM text".
  let name: String
  // A memory BIO reads from this memory, so it must not move.
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init(_ pem: TLSConfiguration.PEM, what: String) throws(TLSError) {
    let content: [UInt8]
    switch pem {
    case .text(let text):
      (name, content) = ("\(what) (PEM text)", Array(text.utf8))
    case .file(let path):
      name = "\(what) \(path)"
      content = try Self.contents(of: path, name: name)
    }
    bytes = .allocate(capacity: max(1, content.count))
    _ = bytes.initialize(from: content)
    guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(content.count)) else { fatalError("out of memory") }
    self.bio = bio
  }

  deinit {
    BIO_free(bio)
    // The bytes may have held a key.
    OPENSSL_cleanse(bytes.baseAddress, bytes.count)
    bytes.deallocate()
  }

  /// Many times the size of all the world's roots: no real PEM file is larger.
  private static let largest = 64 << 20

  private static func contents(of path: String, name: String) throws(TLSError) -> [UInt8] {
    func failure() -> TLSError {
      let code = SystemError.Code(rawValue: errno)
      return .configuration("\(name): \(code.explanation) (\(code.name))")
    }
    guard !path.utf8.contains(0) else { throw .configuration("\(name): no such file") }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure() }
    defer { Glibc.close(file) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure() }
      if count == 0 { return content }
      content.append(contentsOf: piece[..<count])
      if content.count > largest { throw .configuration("\(name): larger than \(largest >> 20) MiB") }
    }
  }

  // MARK: - Objects

  /// Returns all certificates, at least one. The caller owns them.
  func certificates() throws(TLSError) -> [OpaquePointer] {
    try all("certificate", free: X509_free) { PEM_read_bio_X509(bio, nil, noPassword, nil) }
  }

  func revocationLists() throws(TLSError) -> [OpaquePointer] {
    try all("revocation list", free: X509_CRL_free) { PEM_read_bio_X509_CRL(bio, nil, noPassword, nil) }
  }

  private func all(
    _ what: String, free: (OpaquePointer) -> Void, next: () -> OpaquePointer?
  ) throws(TLSError) -> [OpaquePointer] {
    var found: [OpaquePointer] = []
    ERR_clear_error()
    while let object = next() { found.append(object) }
    // OpenSSL reports the end of the text as an error, like any other.
    let error = ERR_peek_last_error()
    let isEnd = asyncio_err_library(error) == ERR_LIB_PEM && asyncio_err_reason(error) == PEM_R_NO_START_LINE
    ERR_clear_error()
    if isEnd && !found.isEmpty { return found }
    found.forEach(free)
    throw .configuration(isEnd ? "\(name): there is no \(what) in it" : "\(name): a \(what) in it is damaged")
  }

  /// Returns the private key. The caller owns it.
  func privateKey() throws(TLSError) -> OpaquePointer {
    ERR_clear_error()
    var wasAsked = false
    let key = withUnsafeMutablePointer(to: &wasAsked) { PEM_read_bio_PrivateKey(bio, nil, noPassword, $0) }
    if let key { return key }
    ERR_clear_error()
    if wasAsked { throw .configuration("\(name): the private key is encrypted") }
    // OpenSSL reports one error for both a missing key and a broken key.
    let isThere = String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY-----")
    throw .configuration(isThere ? "\(name): the private key is damaged" : "\(name): there is no private key in it")
  }
}

/// Gives no password, and notes that OpenSSL asked for one. Without this callback OpenSSL would ask at the terminal.
private func noPassword(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isForWriting: Int32, _ wasAsked: UnsafeMutableRawPointer?
) -> Int32 {
  wasAsked?.storeBytes(of: true, as: Bool.self)
  return -1
}
