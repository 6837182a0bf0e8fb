// SPDX-License-Identifier: Apache-2.0

/// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4). Without a reason the second space may be
/// missing: many servers leave it out, and the line stays unambiguous.
struct StatusLine {
  var version = HTTP1Version.http1_1
  var status = 0
  var reason = 0..<0

  init() {}

  @inline(__always)
  init(_ bytes: ByteView, _ line: Range<Int>) throws(HTTP1Error) {
    let start = line.lowerBound
    guard line.count >= 12, bytes[start + 8] == ASCII.space else { throw Self.problem(bytes, line) }
    version = try HTTP1Version(bytes, start..<start + 8, of: .response)
    let digits = start + 9..<start + 12
    for offset in digits {
      guard ASCII.isDigit(bytes[offset]) else { throw HTTP1Error(.response, .invalidStatusCode, bytes[line]) }
      status = status * 10 + Int(bytes[offset] &- 0x30)
    }
    guard status >= 100 else { throw HTTP1Error(.response, .invalidStatusCode, bytes[line]) }
    guard line.count > 12 else {
      reason = line.upperBound..<line.upperBound
      return
    }
    guard bytes[start + 12] == ASCII.space else { throw HTTP1Error(.response, .invalidStatusCode, bytes[line]) }
    reason = start + 13..<line.upperBound
    if let bad = FieldSyntax.firstControlCharacter(in: bytes, reason) {
      throw HTTP1Error(.response, bytes[bad] == ASCII.cr ? .bareCR : .invalidReasonPhrase, bytes[line])
    }
  }

  private static func problem(_ bytes: ByteView, _ line: Range<Int>) -> HTTP1Error {
    let version = line.prefix { bytes[$0] != ASCII.space }
    let isVersion = (try? HTTP1Version(bytes, version, of: .response)) != nil
    let kind: HTTP1Error.Kind = isVersion && version.count < line.count ? .invalidStatusCode : .malformedStatusLine
    return HTTP1Error(.response, kind, bytes[line])
  }
}

extension HTTP1Version {
  /// `"HTTP/" DIGIT "." DIGIT` (RFC 9112 section 2.3), case-sensitive.
  @inline(__always)
  init(_ bytes: ByteView, _ range: Range<Int>, of message: HTTP1Error.Message) throws(HTTP1Error) {
    let start = range.lowerBound
    guard range.count == 8, bytes[start] == UInt8(ascii: "H"), bytes[start + 1] == UInt8(ascii: "T"),
      bytes[start + 2] == UInt8(ascii: "T"), bytes[start + 3] == UInt8(ascii: "P"), bytes[start + 4] == ASCII.slash,
      ASCII.isDigit(bytes[start + 5]), bytes[start + 6] == ASCII.dot, ASCII.isDigit(bytes[start + 7])
    else { throw HTTP1Error(message, .malformedVersion, bytes[range]) }
    guard bytes[start + 5] == UInt8(ascii: "1") else { throw HTTP1Error(message, .unsupportedVersion, bytes[range]) }
    self = bytes[start + 7] == UInt8(ascii: "0") ? .http1_0 : .http1_1
  }
}
