// SPDX-License-Identifier: Apache-2.0
// A listening server: one listener for each address and each loop, an accept operation on each, and a task for each
// connection on the loop that accepted it.
//
// A server belongs to the loop that started it; its listeners on other loops belong to those, and are started and
// stopped by messages to them.

public import AsyncIOCore

/// What a server does with a connection.
public typealias ConnectionHandler = @Sendable @isolated(any) (StreamReader, StreamWriter) async throws -> Void

/// A server that accepts connections; asyncio's `Server`. `startServer` makes one.
///
/// Dropping the last reference to a server does not stop it: `close()` does.
public final class Server: Sendable {
  private let loop: EventLoop
  private let listeners: [Listener]

  /// The addresses that the server listens at, with the ports that the system chose.
  public let addresses: [SocketAddress]

  init(loop: EventLoop, listeners: [Listener], addresses: [SocketAddress]) {
    self.loop = loop
    self.listeners = listeners
    self.addresses = addresses
  }

  /// The port of the first address.
  public var port: UInt16 { addresses.first?.port ?? 0 }

  /// Stops listening; connections that were accepted go on. From any thread. asyncio's `close`.
  public func close() {
    for listener in listeners { listener.onItsLoop { $0.close() } }
  }

  /// Resets every connection of the server; asyncio's `abort_clients`. From any thread.
  public func abortClients() {
    for listener in listeners { listener.onItsLoop { $0.abortClients() } }
  }

  /// Waits until the server was closed and all of its connections are gone; asyncio's `wait_closed`.
  public nonisolated(nonsending) func waitClosed() async throws {
    for listener in listeners { try await listener.waitClosed() }
  }

  /// Serves until the task is cancelled, then closes the server, waits for its connections, and throws
  /// `CancellationError`; asyncio's `serve_forever`. Returns when somebody else closed the server.
  public nonisolated(nonsending) func serveForever() async throws {
    do {
      try await waitClosed()
    } catch {
      close()
      throw error
    }
  }
}

/// Starts a TCP server; asyncio's `start_server`.
///
/// ```swift
/// let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
///   var buffer: [UInt8] = []
///   while try await reader.read(into: &buffer) > 0 { try await writer.write(buffer) }
/// }
/// print("listening at", server.addresses)
/// ```
///
/// The handler runs as a task of its own for each connection, among `allTasks` under the peer's name, with the task-local
/// values of the place where the server was started, and has the isolation of the place where it is written:
/// in the body of `EventLoop.run`, the main actor's. Under `run(loops:)` a handler without isolation (a function of no
/// actor) runs on every loop: connections are accepted on each, and the kernel spreads them (SO_REUSEPORT). An error
/// that it throws goes to the loop's exception handler, and resets the connection. The connection is closed when the
/// reader and the writer are gone, or by the writer's `close`.
///
/// - Parameters:
///   - host: A name or a numeric address; nil for all interfaces, IPv6 and IPv4.
///   - port: 0 lets the system choose.
///   - backlog: How many connections may wait to be accepted.
///   - limit: See `StreamReader.limit`.
/// - Throws: `NameError`, or `SystemError` if an address can't be listened at.
public nonisolated(nonsending) func startServer(
  host: String? = nil, port: UInt16, backlog: Int = 100, limit: Int = 64 * 1024,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  if let loop = EventLoop.onThisThread(for: #isolation) {
    return try await loop.startServer(host: host, port: port, backlog: backlog, limit: limit, handler: handler)
  }
  let loop = EventLoop.current
  return try await loop.anchor.run {
    try await loop.startServer(host: host, port: port, backlog: backlog, limit: limit, handler: handler)
  }
}

/// Starts a server at an address: no name is looked up.
///
/// ```swift
/// let server = try await startServer(at: SocketAddress(abstractName: "app")!) { reader, writer in
///   try await writer.write("hello\n")
/// }
/// ```
///
/// As `startServer(host:port:)`. The file of a Unix socket is removed when the server is closed; one that a server has
/// left behind which ended without closing is taken over.
///
/// - Throws: `SystemError` if the address can't be listened at.
public nonisolated(nonsending) func startServer(
  at address: SocketAddress, backlog: Int = 100, limit: Int = 64 * 1024,
  @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  if let loop = EventLoop.onThisThread(for: #isolation) {
    return try loop.startServer(at: [address], backlog: backlog, limit: limit, handler: handler)
  }
  let loop = EventLoop.current
  return try await loop.anchor.run {
    try loop.startServer(at: [address], backlog: backlog, limit: limit, handler: handler)
  }
}

/// Starts a server at a Unix socket's path; asyncio's `start_unix_server`.
///
/// ```swift
/// let server = try await startUnixServer(path: "/run/app.sock") { reader, writer in
///   try await writer.write("hello\n")
/// }
/// ```
///
/// As `startServer(at:)`.
///
/// - Throws: `SystemError` if somebody listens there, the path can't be made, or is empty or longer than 107 bytes
///   (ENAMETOOLONG).
public nonisolated(nonsending) func startUnixServer(
  path: String, backlog: Int = 100, limit: Int = 64 * 1024, @_inheritActorContext handler: @escaping ConnectionHandler
) async throws -> Server {
  try await startServer(at: try unixAddress(path, for: "bind"), backlog: backlog, limit: limit, handler: handler)
}

extension EventLoop {
  nonisolated(nonsending) func startServer(
    host: String?, port: UInt16, backlog: Int, limit: Int, handler: @escaping ConnectionHandler
  ) async throws -> Server {
    let wanted: [SocketAddress]
    if let host {
      wanted = try await resolve(host, port: port)
    } else {
      wanted = [SocketAddress("::", port: port), SocketAddress("0.0.0.0", port: port)].compactMap { $0 }
    }
    return try startServer(
      at: wanted, isEverywhere: host == nil, backlog: backlog, limit: limit, handler: handler)
  }

  func startServer(
    at wanted: [SocketAddress], isEverywhere: Bool = false, backlog: Int, limit: Int,
    handler: @escaping ConnectionHandler
  ) throws -> Server {
    // What is isolated can only run in one place; the rest runs wherever it was accepted. The kernel spreads only the
    // connections of IP.
    let isSpread = handler.isolation == nil && group.count > 1 && !wanted.contains { $0.family == .unix }
    let loops = isSpread ? group : [self]
    let options = ListenOptions(backlog: Int32(clamping: backlog), reusePort: loops.count > 1)

    var listeners: [Listener] = []
    var addresses: [SocketAddress] = []
    for var address in wanted {
      // Port 0 is one port for all: the first listener's.
      if address.port == 0, let first = addresses.first { address.port = first.port }
      for (index, loop) in loops.enumerated() {
        do {
          let number = try driver.listen(at: address, options: options)
          if index == 0 {
            address = driver.localAddress(of: number) ?? address
            addresses.append(address)
          }
          listeners.append(
            Listener(Descriptor(number, of: loop.driver), address: address, limit: limit, loop: loop, handler: handler))
        } catch let error as SystemError where isEverywhere && error.code == .addressFamilyNotSupported {
          // A machine without IPv6 has only one kind of "all interfaces".
          break
        }
      }
    }
    if addresses.isEmpty { throw SystemError("listen", "any address", code: .addressFamilyNotSupported) }
    for listener in listeners { listener.onItsLoop { $0.start() } }
    return Server(loop: self, listeners: listeners, addresses: addresses)
  }
}
