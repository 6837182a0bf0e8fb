// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// What the access log learns of an exchange.
///
/// ```swift
/// var options = HTTPServerOptions()
/// options.accessLog = { record in print(record) }
/// let server = try await startHTTPServer(port: 8080, options: options) { request, response in
///   try await response.send("hello\n")
/// }
/// ```
public struct HTTPAccessRecord: Sendable, CustomStringConvertible {
  /// The request; nil if its head could not be read.
  public let request: HTTPServerRequest?
  /// The other end of the connection: the client, or a proxy before it.
  public let peer: SocketAddress?
  /// The status that was sent; 0 if the response could not be completed, or the client has gone.
  public let status: Int
  /// How many bytes of the request's body were read.
  public let bytesReceived: Int
  /// How many bytes of the response's body were written.
  public let bytesSent: Int
  /// From the head's arrival to the end of the handler.
  public let duration: Duration
  /// What went wrong, for people: which limit was exceeded, or how the handler failed. Nil if all went well.
  public let failure: String?

  /// One line, such as `127.0.0.1:50000 "GET / HTTP/1.1" 200 14 0.000213`.
  public var description: String {
    let line = request.map { "\($0.method) \($0.target) \($0.version)" } ?? "-"
    let (seconds, attoseconds) = duration.components
    let micros = "\(attoseconds / 1_000_000_000_000)"
    let time = "\(seconds).\(String(repeating: "0", count: 6 - micros.utf8.count))\(micros)"
    let end = failure.map { " (\($0))" } ?? ""
    return "\(peer?.description ?? "-") \"\(line)\" \(status) \(bytesSent) \(time)\(end)"
  }
}
