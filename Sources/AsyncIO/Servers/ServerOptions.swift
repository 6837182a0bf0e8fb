// SPDX-License-Identifier: Apache-2.0

/// How a server listens: the keyword arguments of asyncio's `start_server` and `create_server`.
///
/// ```swift
/// let options = ServerOptions(backlog: 1024, reusePort: true, keepAlive: true)
/// let server = try await startServer(port: 8080, options: options) { stream in
///   try await stream.write("hello\n")
/// }
/// ```
///
/// What peers are allowed is in `ServerLimits`.
public struct ServerOptions: Hashable, Sendable {
  /// How many connections may wait to be accepted; asyncio's `backlog`. Sockets that listen already keep theirs.
  public var backlog: Int

  /// How many bytes a connection reads ahead; asyncio's `limit`. See `StreamReader.limit`.
  public var limit: Int

  /// Whether other servers of this user may listen at the same address; asyncio's `reuse_port`. The kernel spreads the
  /// connections over them (SO_REUSEPORT). `EventLoop.run(loops:)` does so for its loops by itself.
  public var reusePort: Bool

  /// Whether the kernel asks peers that say nothing for two hours if they are still there; asyncio's `keep_alive`
  /// (SO_KEEPALIVE, tcp(7)).
  public var keepAlive: Bool

  /// Whether to listen at once; asyncio's `start_serving`. Otherwise the server takes the address, and the kernel
  /// refuses connections until `Server.startServing`. Sockets that listen already hold them until then.
  public var startServing: Bool

  /// Options; each default is asyncio's.
  public init(
    backlog: Int = 100, limit: Int = 64 * 1024, reusePort: Bool = false, keepAlive: Bool = false,
    startServing: Bool = true
  ) {
    self.backlog = backlog
    self.limit = limit
    self.reusePort = reusePort
    self.keepAlive = keepAlive
    self.startServing = startServing
  }
}
