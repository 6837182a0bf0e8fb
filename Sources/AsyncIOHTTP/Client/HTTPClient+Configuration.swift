// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
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
    /// For requests that bring none of their own.
    public var timeouts = HTTPTimeouts()
    /// Sent with each request that has no field of that name: `accept` and `user-agent`.
    public var fields: HTTPFields = ["accept": "*/*", "user-agent": "swift-asyncio"]
    /// How much of a response's head is accepted.
    public var limits = HTTP1Limits()

    /// The defaults.
    public init() {}
  }
}
