// SPDX-License-Identifier: Apache-2.0

/// What a server allows its peers, so that some of them can't take it away from the others.
///
/// ```swift
/// let limits = ServerLimits(connectionsPerPeer: 20, timeWithoutProgress: .seconds(60), leastRate: 10)
/// let server = try await startServer(port: 7007, limits: limits) { reader, writer in
///   for try await line in reader.lines { try await writer.write("<\(line)>\n") }
/// }
/// ```
///
/// Only the number of connections is limited without being asked: a server that has taken the process's last descriptor
/// can open no file and no database any more. The others depend on the protocol. Behind a proxy all connections come
/// from one address; a chat may be silent for hours.
public struct ServerLimits: Hashable, Sendable {
  /// The most connections at a time, over all loops. When they are there, the server stops accepting; others wait in
  /// the backlog until one ends, and are served then. Nil, the default, is seven eighths of the descriptors that the
  /// process may have (RLIMIT_NOFILE).
  public var connections: Int?

  /// The most connections at a time from one IPv4 address, or from one IPv6 network of 64 bits. One more is reset at
  /// once. Nil, the default, sets no limit. Peers of a Unix socket have no address, and so no such limit.
  public var connectionsPerPeer: Int?

  /// How long the handler may wait, to read or to write, while no byte comes or leaves. Then the connection is reset,
  /// and what the handler waits for throws `StreamError.noProgress`. Nil, the default, is for ever.
  ///
  /// A byte has left when the peer's system has it. What the handler does otherwise takes as long as it takes. It may
  /// take up to a quarter longer until a connection is found. The error isn't reported as a failure of the handler.
  public var timeWithoutProgress: Duration?

  /// How many bytes a second are progress, on average over `timeWithoutProgress`: a peer that sends or takes fewer is
  /// cut off as one that does nothing. Nil, the default, takes any byte for progress, as a chat needs it, whose peers
  /// say something short every minute. A server that strangers can reach sets it, or a peer can keep a connection with
  /// a byte a minute.
  public var leastRate: Int?

  /// Limits; what is nil is not limited.
  public init(
    connections: Int? = nil, connectionsPerPeer: Int? = nil, timeWithoutProgress: Duration? = nil,
    leastRate: Int? = nil
  ) {
    self.connections = connections
    self.connectionsPerPeer = connectionsPerPeer
    self.timeWithoutProgress = timeWithoutProgress
    self.leastRate = leastRate
    expectSense()
  }

  /// Ends the process if a limit can't be meant. A server that starts calls it too: settings may have changed since
  /// `init`.
  func expectSense() {
    require(connections.map { $0 > 0 } ?? true, "ServerLimits: a server wants at least one connection")
    require(connectionsPerPeer.map { $0 > 0 } ?? true, "ServerLimits: a peer wants at least one connection")
    require(timeWithoutProgress.map { $0 > .zero } ?? true, "ServerLimits: timeWithoutProgress is a time above zero")
    require(
      leastRate.map { $0 > 0 && timeWithoutProgress != nil } ?? true,
      "ServerLimits: leastRate is above zero, and measured over timeWithoutProgress, which is to be given with it")
  }
}
