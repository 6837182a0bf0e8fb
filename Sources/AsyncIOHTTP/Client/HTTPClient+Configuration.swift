// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
public import AsyncIOTLS
public import HTTP1Codec

extension HTTPClient {
  /// What a client does for all of its requests.
  ///
  /// ```swift
  /// var configuration = HTTPClient.Configuration()
  /// configuration.connectionsPerOrigin = 8
  /// configuration.timeouts.total = .seconds(20)
  /// let client = HTTPClient(configuration)
  /// ```
  public struct Configuration: Sendable {
    /// How many connections there are to one scheme, host and port at a time; further requests wait in line. 100.
    public var connectionsPerOrigin = 100 {
      didSet { require(connectionsPerOrigin > 0, "connectionsPerOrigin: there is at least one connection") }
    }
    /// How long a connection is kept that nobody uses; 15 s.
    public var idleConnectionTimeout: Duration = .seconds(15)
    /// How many redirects a request follows before it fails; with 0 the redirect itself is the response. 20.
    public var maximumRedirects = 20
    /// Where redirects may lead, and what goes along.
    public var redirects = HTTPRedirectPolicy()
    /// How long the rest of a body that nobody reads, that of a redirect or of a response that was dropped, is received
    /// and thrown away, so that its connection serves the next request; 0.5 s. One that takes longer, or has more than
    /// 64 KiB, closes its connection; with zero each one does.
    public var unreadBodyTimeLimit: Duration = .milliseconds(500)
    /// For requests that bring none of their own.
    public var timeouts = HTTPTimeouts()
    /// Sent with each request that has no field of that name: `accept` and `user-agent`.
    public var fields: HTTPFields = ["accept": "*/*", "user-agent": "swift-asyncio"]
    /// How https connections are secured: whom to trust, and what to show to servers that ask for a certificate. Servers
    /// are verified against the system's roots, and `http/1.1` is offered (ALPN).
    ///
    /// ```swift
    /// var configuration = HTTPClient.Configuration()
    /// configuration.tls.roots = [.pem(.file("company-root.pem"))]
    /// let page = try await HTTPClient(configuration).get("https://intranet.example.org/").text()
    /// ```
    public var tls = usualTLS {
      didSet { require(tls.role == .client, "HTTPClient.Configuration.tls: the configuration is a server's") }
    }
    /// How much of a response's head is accepted.
    public var limits = HTTP1Limits()

    /// The defaults.
    public init() {}

    /// One for all, so that the system's roots are read once.
    private static let usualTLS: TLSConfiguration = {
      var tls = TLSConfiguration.client()
      tls.applicationProtocols = ["http/1.1"]
      return tls
    }()
  }
}
