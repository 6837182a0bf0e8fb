// SPDX-License-Identifier: Apache-2.0
// The name of the file for a page. It depends only on the URL, so a second run finds the same names. It has no slash,
// does not begin with a dot, and stays well under the 255 bytes of a file name. Two URLs that look alike without their
// special characters differ in 64 bits computed from the whole URL.

import AsyncIOHTTP

enum PageName {
  private static let longestStem = 120
  private static let longestExtension = 8

  /// `127.0.0.1_8080_pages_1-5d1f0c9b1e3a7742.html` for `http://127.0.0.1:8080/pages/1.html`.
  static func name(of url: HTTPURL) -> String {
    var path = url.path
    let suffix = fileExtension(of: path)
    if !suffix.isEmpty { path.removeLast(suffix.utf8.count) }
    let query = url.query.map { "_" + $0 } ?? ""
    var stem = ""
    for character in (url.authority + path + query).utf8.prefix(longestStem) {
      stem.unicodeScalars.append(isPlain(character) ? Unicode.Scalar(character) : "_")
    }
    while stem.hasPrefix(".") { stem.removeFirst() }
    while stem.hasSuffix("_") { stem.removeLast() }
    return "\(stem)-\(fingerprint(of: url.description))\(suffix)"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// The extension, such as `.html`, of the path's last part; empty if it isn't short and plain.
  private static func fileExtension(of path: String) -> String {
    let last = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return "" }
    let found = last[dot...]
    let isShort = (2...longestExtension).contains(found.utf8.count)
    return isShort && found.utf8.dropFirst().allSatisfy { isPlain($0) } ? String(found) : ""
  }

  /// FNV-1a with 64 bits, in 16 hexadecimal digits.
  private static func fingerprint(of text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
