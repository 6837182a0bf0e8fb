// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// What a server has done so far and holds now; `Server.statistics`.
///
/// ```swift
/// let server = try await startServer(port: 7007) { stream in try await serve(stream.reader, stream.writer) }
/// let statistics = try await server.statistics
/// print(statistics)  // 12 connections (2 open, 0 refused, 0 cut off), 4096 bytes in, 8192 bytes out
/// ```
public struct ServerStatistics: Hashable, Sendable, CustomStringConvertible {
  /// Connections that were given to a handler.
  public var accepted: Int
  /// Of them those that are not closed.
  public var open: Int
  /// Connections that were reset because their peer had too many; `ServerLimits.connectionsPerPeer`.
  public var refused: Int
  /// Connections that made no progress for too long; `ServerLimits.timeWithoutProgress`.
  public var cutOff: Int
  /// Connections of a server that speaks TLS whose handshake failed, whatever the reason; the handler was not called.
  /// In debug mode (`AIO_DEBUG=1`) each is a line on standard error.
  public var failedHandshakes: Int
  /// What has come from peers, in bytes as they came: with TLS, encrypted.
  public var bytesReceived: Int
  /// What was handed to the kernel for peers.
  public var bytesSent: Int

  init(_ counts: ConnectionCounts = ConnectionCounts(), open: Int = 0) {
    accepted = counts.accepted
    self.open = open
    refused = counts.refused
    cutOff = counts.cutOff
    failedHandshakes = counts.failedHandshakes
    bytesReceived = counts.bytesReceived
    bytesSent = counts.bytesSent
  }

  mutating func add(_ other: ServerStatistics) {
    accepted += other.accepted
    open += other.open
    refused += other.refused
    cutOff += other.cutOff
    failedHandshakes += other.failedHandshakes
    bytesReceived += other.bytesReceived
    bytesSent += other.bytesSent
  }

  public var description: String {
    "\(accepted) connections (\(open) open, \(refused) refused, \(cutOff) cut off"
      + (failedHandshakes > 0 ? ", \(failedHandshakes) failed handshakes), " : "), ")
      + "\(bytesReceived) bytes in, \(bytesSent) bytes out"
  }
}

/// One open connection of a server, as it was when somebody asked; `Server.connections`.
public struct ServerConnection: Sendable, CustomStringConvertible {
  /// Nil if the peer was gone before anybody asked for its name.
  public let peer: SocketAddress?
  /// How long ago it was accepted.
  public let age: Duration
  /// The handler's task; nil if that is done, and only what it wrote is still to leave.
  public let task: AnyTaskHandle?
  /// What the handler waits for: `receive from 127.0.0.1:5000`. Nil while it runs or is ready to, and when it waits for
  /// something that is not this library's.
  public let waitsFor: String?
  /// How many bytes came from the peer.
  public let bytesReceived: Int
  /// How many bytes were handed to the kernel for the peer.
  public let bytesSent: Int

  public var description: String {
    "\(peer?.description ?? "a peer that is gone"): \(age), \(bytesReceived) bytes in, \(bytesSent) bytes out, "
      + (waitsFor.map { "waits: \($0)" } ?? "runs")
  }
}

/// How a shutdown went; `Server.shutdown`.
public struct ShutdownSummary: Hashable, Sendable, CustomStringConvertible {
  /// Connections that were open when it began, and ended by themselves in time.
  public var drained: Int
  /// Connections that were reset at the deadline.
  public var aborted: Int

  /// A summary with these counts.
  public init(drained: Int = 0, aborted: Int = 0) {
    self.drained = drained
    self.aborted = aborted
  }

  public var description: String { "\(drained) connections drained, \(aborted) aborted" }
}

/// What a listener has counted. Plain numbers of the loop's thread; a server adds them up.
struct ConnectionCounts: Sendable {
  var accepted = 0
  var refused = 0
  var cutOff = 0
  var failedHandshakes = 0
  /// Of connections that are closed.
  var bytesReceived = 0
  var bytesSent = 0
}

extension ServerStatistics {
  /// Of a server that has done nothing.
  package static var none: ServerStatistics { ServerStatistics() }
}
