// SPDX-License-Identifier: Apache-2.0
// Answers that the server gives by itself. Attackers get mostly these, so each is made once and sent as it is. It tells
// a stranger the status and nothing else; the reason is in the access log and the statistics.

import HTTP1Codec

enum Refusals {
  /// What stands before the Date line, and after it.
  struct Prepared: Sendable {
    let start: [UInt8]
    let end: [UInt8]
  }

  static func prepared(_ status: Int) -> Prepared {
    switch status {
    case 400: badRequest
    case 408: timeout
    case 413: tooLarge
    case 414: lineTooLong
    case 431: headTooLarge
    default: make(status)
    }
  }

  private static let badRequest = make(400)
  private static let timeout = make(408)
  private static let tooLarge = make(413)
  private static let lineTooLong = make(414)
  private static let headTooLarge = make(431)

  private static func make(_ status: Int) -> Prepared {
    let reason = ReasonPhrase.registered(for: status)
    let text = "\(status) \(reason)\n"
    return Prepared(
      start: Array("HTTP/1.1 \(status) \(reason)\r\n".utf8),
      end: Array(
        "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
          .utf8))
  }

  /// The status for a head that can't be read.
  static func status(of kind: HTTP1Error.Kind) -> Int {
    switch kind {
    case .startLineTooLong: 414
    case .fieldLineTooLong, .headTooLarge, .tooManyFields, .trailersTooLarge, .tooManyTrailers: 431
    case .bodyTooLarge: 413
    case .unsupportedVersion: 505
    case .unsupportedTransferCoding: 501
    default: 400
    }
  }
}
