// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
import AsyncIOCore

/// How an HTTP server listens and what it says of itself.
///
/// ```swift
/// var options = HTTPServerOptions()
/// options.serverName = "notes/1.0"
/// try await serveHTTP(port: 8080, options: options) { request, response in try await response.send("hello\n") }
/// ```
///
/// What clients are allowed is in `HTTPServerLimits`.
public struct HTTPServerOptions: Sendable {
  /// How the server listens: its backlog (1024 here), SO_REUSEPORT and the like.
  public var listening = ServerOptions(backlog: 1024)
  /// The value of the field Server in every response; nil, the default, for none.
  public var serverName: String?
  /// Called after each exchange, on the loop of its connection, with all that is known of it; see `HTTPAccessRecord`.
  /// It should be quick, since the connection waits for it. Nil, the default, for no log.
  public var accessLog: (@Sendable (HTTPAccessRecord) -> Void)?
  /// The proxies before the server, whose word on the client counts: `Forwarded`, `X-Forwarded-For` and its kin, and
  /// `X-Request-ID`. Nobody by default.
  public var trustedPeers = TrustedPeers()
  /// Whether trusted peers begin each connection with a header of the PROXY protocol (version 1 or 2), as haproxy does
  /// with `send-proxy`. One that doesn't is refused. False by default.
  public var expectsProxyProtocol = false

  /// The default options.
  public init() {}

  func expectSense() {
    require(
      !expectsProxyProtocol || !trustedPeers.isEmpty,
      "HTTPServerOptions: expectsProxyProtocol needs trustedPeers, who may say it")
    require(
      serverName.map { $0.utf8.allSatisfy { 0x20..<0x7F ~= $0 } } ?? true,
      "HTTPServerOptions: serverName is printable ASCII")
  }
}
