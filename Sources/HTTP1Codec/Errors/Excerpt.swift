// SPDX-License-Identifier: Apache-2.0

extension HTTP1Error {
  static let excerptLength = 32

  /// The first bytes, made harmless for a log: printable ASCII stays, all other bytes are escaped.
  static func excerpt(of bytes: some Sequence<UInt8>) -> String {
    var text = ""
    var count = 0
    for byte in bytes {
      if count == excerptLength { return text + "..." }
      count += 1
      switch byte {
      case ASCII.quote: text += "\\\""
      case ASCII.backslash: text += "\\\\"
      case ASCII.tab: text += "\\t"
      case ASCII.lf: text += "\\n"
      case ASCII.cr: text += "\\r"
      case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        text += hex.utf8.count == 1 ? "\\x0" + hex : "\\x" + hex
      }
    }
    return text
  }
}
