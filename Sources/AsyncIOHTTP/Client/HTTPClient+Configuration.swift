// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
public import AsyncIOTLS
public import HTTP1Codec

extension HTTPClient {
  /// The settings of a client, for all its requests.
  ///
  /// ```swift
  /// var configuration = HTTPClient.Configuration()
  /// configuration.connectionsPerOrigin = 8
  /// configuration.timeouts.total = .seconds(20)
  /// let client = HTTPClient(configuration)
  /// ```
  public struct Configuration: Sendable {
    /// The most connections to one scheme, host and port at a time; further requests wait in line. 100.
    public var connectionsPerOrigin = 100 {
      didSet { require(connectionsPerOrigin > 0, "connectionsPerOrigin: must be at least 1") }
    }
    /// How long an unused connection is kept; 15 s.
    public var idleConnectionTimeout: Duration = .seconds(15)
    /// How many redirects a request follows before it fails. With 0, the redirect itself is the response. 20.
    public var maximumRedirects = 20
    /// Where redirects may lead, and which parts of the request they take along.
    public var redirects = HTTPRedirectPolicy()
    /// How long to receive and discard the rest of a body that the program does not read: a redirect's, or that of a
    /// dropped response. Its connection then serves the next request; 0.5 s. A body that takes longer or has more than
    /// 64 KiB left closes its connection. With zero, every such body does.
    public var unreadBodyTimeLimit: Duration = .milliseconds(500)
    /// The time limits of requests that are made without their own.
    public var timeouts = HTTPTimeouts()
    /// Added to each request that lacks a field of that name: `accept` and `user-agent`.
    public var fields: HTTPFields = ["accept": "*/*", "user-agent": "swift-asyncio"]
    /// How https connections are secured: which roots to trust, and the certificate to show to servers that ask for
    /// one. By default, servers are verified against the system's roots, and the client offers `http/1.1` (ALPN).
    ///
    /// ```swift
    /// var configuration = HTTPClient.Configuration()
    /// configuration.tls.roots = [.pem(.file("company-root.pem"))]
    /// let page = try await HTTPClient(configuration).get("https://intranet.example.org/").text()
    /// ```
    public var tls = usualTLS {
      didSet { require(tls.role == .client, "HTTPClient.Configuration.tls: the configuration is a server's") }
    }
    /// The limits on a response's head.
    public var limits = HTTP1Limits()

    /// The default settings.
    public init() {}

    /// Shared by all clients, so that the system's roots are read once.
    private static let usualTLS: TLSConfiguration = {
      var tls = TLSConfiguration.client()
      tls.applicationProtocols = ["http/1.1"]
      return tls
    }()
  }
}

/// The time limits of a request. Each can be nil for no limit.
///
/// ```swift
/// var timeouts = HTTPTimeouts()
/// timeouts.connect = .seconds(2)
/// let response = try await fetch("http://127.0.0.1:8080/", timeouts: timeouts)
/// ```
public struct HTTPTimeouts: Hashable, Sendable {
  /// For the name look-up and the connection; 10 s.
  public var connect: Duration?
  /// For each wait in which no byte moves, while the request is sent or the response read; 60 s.
  public var idle: Duration?
  /// For the whole request, from the call to the last byte of the body, redirects and waits in line included; 5 min.
  public var total: Duration?

  /// The defaults, except for the limits given here.
  public init(connect: Duration? = .seconds(10), idle: Duration? = .seconds(60), total: Duration? = .seconds(300)) {
    self.connect = connect
    self.idle = idle
    self.total = total
  }
}
