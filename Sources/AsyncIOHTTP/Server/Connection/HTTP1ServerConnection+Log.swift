// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTP1ServerConnection {
  /// Tells the access log of the exchange that is over.
  @inline(__always)
  func log() { if let log = server.options.accessLog { logExchange(log) } }

  @inline(never)
  private func logExchange(_ log: (HTTPAccessRecord) -> Void) {
    guard let head else { return }
    log(
      HTTPAccessRecord(
        request: HTTPServerRequest(head, self, number), peer: transport.peer, status: answer == .broken ? 0 : status,
        bytesReceived: bodyCount, bytesSent: bodySent,
        duration: .nanoseconds(transport.loop.time.nanoseconds - began), failure: failure))
  }

  /// Tells the access log of a head that could not be read.
  func logRefusal(_ reason: String) {
    server.options.accessLog?(
      HTTPAccessRecord(
        request: nil, peer: transport.peer, status: status, bytesReceived: 0, bytesSent: 0, duration: .zero,
        failure: reason))
  }

  /// The identifier of the request.
  var requestID: String {
    if let id { return id }
    if let given = head?.fields["x-request-id"], isPeerTrusted, Self.isIdentifier(given) {
      id = given
      return given
    }
    let number = EventLoop.withRandom { $0.next() }
    let digits = String(number, radix: 16)
    let made = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    id = made
    return made
  }

  var isPeerTrusted: Bool {
    !server.options.trustedPeers.isEmpty && server.options.trustedPeers.contains(transport.peer)
  }

  /// Whether an identifier of others is harmless in a log.
  private static func isIdentifier(_ text: String) -> Bool {
    1...128 ~= text.utf8.count && text.utf8.allSatisfy { 0x21..<0x7F ~= $0 && $0 != UInt8(ascii: "\"") }
  }
}
