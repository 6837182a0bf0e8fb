// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import HTTP1Codec

/// What an HTTP server allows its clients. Every limit has a default, and exceeding it has a name: in the status of the
/// refusal, in the access log, and in the server's statistics.
///
/// ```swift
/// var limits = HTTPServerLimits()
/// limits.bodySize = 2_000_000
/// limits.idleTime = .seconds(20)
/// try await serveHTTP(port: 8080, limits: limits) { request, response in try await response.send("hello\n") }
/// ```
///
/// Times are checked about once a second, or eight times in the shortest of them. A limit takes no timer of a
/// connection or a request.
public struct HTTPServerLimits: Hashable, Sendable {
  /// The longest request line, field line or trailer line in bytes: 8 KiB. A longer request line is refused with 414, a
  /// longer field with 431.
  public var lineLength = 8 * 1024
  /// The largest head in bytes: 64 KiB. A larger one is refused with 431.
  public var headSize = 64 * 1024
  /// The most field lines: 128. More are refused with 431.
  public var fieldCount = 128
  /// The largest body of a request in bytes: 30 MB, nil for any. Checked when the handler first reads, so a handler may
  /// change it for its request before (`HTTPServerRequest.allowBody`). A larger one is refused with 413.
  public var bodySize: Int? = 30_000_000
  /// How long a head may take, from the first byte to the last, and a new connection until its first: 30 s, nil for
  /// ever. One that takes longer is refused with 408.
  public var headTime: Duration? = .seconds(30)
  /// How long a connection may wait between two requests: 75 s, nil for ever. Then it is closed, without an answer.
  public var idleTime: Duration? = .seconds(75)
  /// How many bytes a second a client must send of a body, or take of a response, while the handler waits for it: 240,
  /// nil for any number. Measured over `rateGrace`. A slower upload is refused with 408; a slower reader is reset.
  public var leastRate: Int? = 240
  /// Over how long `leastRate` is measured: 5 s.
  public var rateGrace: Duration = .seconds(5)
  /// How many requests a connection may make: 100,000, nil for any number. The last response closes it.
  public var requestsPerConnection: Int? = 100_000
  /// How many bytes of a body that the handler has not read are received and dropped, so that the connection serves the
  /// next request: 256 KiB. A longer rest closes the connection.
  public var unreadBodySize = 256 * 1024
  /// The most connections at a time; nil, the default, is seven eighths of the process's descriptors. See
  /// `ServerLimits.connections`.
  public var connections: Int?
  /// The most connections at a time from one address; nil, the default, for any number. See
  /// `ServerLimits.connectionsPerPeer`.
  public var connectionsPerPeer: Int?

  /// The default limits.
  public init() {}

  var ofConnections: ServerLimits { ServerLimits(connections: connections, connectionsPerPeer: connectionsPerPeer) }

  var ofHeads: HTTP1Limits {
    var limits = HTTP1Limits()
    limits.maximumLineLength = lineLength
    limits.maximumHeadSize = headSize
    limits.maximumFieldCount = fieldCount
    return limits
  }

  func expectSense() {
    require(lineLength > 0 && headSize > 0 && fieldCount > 0, "HTTPServerLimits: sizes of heads are above zero")
    require(bodySize ?? 0 >= 0 && unreadBodySize >= 0, "HTTPServerLimits: sizes of bodies are 0 or more")
    require(
      headTime ?? .seconds(1) > .zero && idleTime ?? .seconds(1) > .zero, "HTTPServerLimits: times are above zero")
    require(leastRate ?? 1 > 0 && rateGrace > .zero, "HTTPServerLimits: the least rate and its time are above zero")
    require(requestsPerConnection ?? 1 > 0, "HTTPServerLimits: a connection may make at least one request")
  }
}
