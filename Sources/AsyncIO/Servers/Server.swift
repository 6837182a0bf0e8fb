// SPDX-License-Identifier: Apache-2.0
// A listening server: one listener for each address and each loop, an accept operation on each, and a task for each
// connection on the loop that accepted it.
//
// A server belongs to the loop that started it; its listeners on other loops belong to those, and are started and
// stopped by messages to them.

public import AsyncIOCore
import Synchronization

/// A server that accepts connections; asyncio's `Server`. `startServer` makes one.
///
/// Dropping the last reference to a server does not stop it: `close()` does, and `shutdown(drain:)` lets its
/// connections finish.
public final class Server: Sendable {
  private enum Phase: UInt8 {
    case idle, serving, closed
  }

  let listeners: [Listener]
  private let phase = Mutex(Phase.idle)

  /// The addresses that the server listens at, with the ports that the system chose.
  public let addresses: [SocketAddress]

  init(listeners: [Listener], addresses: [SocketAddress]) {
    self.listeners = listeners
    self.addresses = addresses
  }

  deinit {
    // Nobody can let it serve any more.
    if phase.withLock({ $0 }) == .idle { closeListeners() }
  }

  /// The port of the first address.
  public var port: UInt16 { addresses.first?.port ?? 0 }

  /// The sockets that it listens at, for setsockopt(2); none once it is closed. asyncio's `sockets`.
  ///
  /// They stay the server's. Under `run(loops:)` there is one of every loop.
  public var sockets: [ListeningSocket] {
    if phase.withLock({ $0 }) == .closed { return [] }
    return listeners.filter { !$0.loop.isClosed }.map { ListeningSocket(descriptor: $0.number) }
  }

  // MARK: - Serving

  /// Whether it accepts connections; asyncio's `is_serving`. From any thread.
  public var isServing: Bool { phase.withLock { $0 } == .serving && listeners.contains { !$0.loop.isClosed } }

  /// Begins to accept connections, on a server that was made with `startServing: false`; asyncio's `start_serving`.
  /// Does nothing on one that serves or is closed.
  ///
  /// ```swift
  /// let server = try await startServer(port: 7007, options: ServerOptions(startServing: false)) { reader, writer in
  ///   try await serve(reader, writer)
  /// }
  /// print("will listen at", server.port)
  /// try await server.startServing()
  /// ```
  ///
  /// - Throws: `SystemError` if an address can't be listened at: another socket has begun to in the meantime.
  ///   `EventLoopError.closed` if its loop has ended.
  public nonisolated(nonsending) func startServing() async throws {
    try await EventLoop.spendBudget()
    guard phase.withLock({ $0 }) == .idle else { return }
    for listener in listeners {
      try await listener.loop.here { try listener.startServing() }
    }
    markServing()
  }

  func markServing() { phase.withLock { if $0 == .idle { $0 = .serving } } }

  /// Serves until the task is cancelled, then closes the server, and throws `CancellationError`; asyncio's
  /// `serve_forever`. Returns when somebody else closed the server, and its connections are gone; or its loop has
  /// ended.
  ///
  /// ```swift
  /// let server = try await startServer(port: 7007) { stream in try await serve(stream.reader, stream.writer) }
  /// try await server.serveForever(drain: .seconds(10))
  /// ```
  ///
  /// **Cancellation**, as by Ctrl-C, ends it. Without `drain` the connections are left to themselves, and in
  /// `EventLoop.run` cancelled with everything else. With it they are shut down first, as `shutdown(drain:)` does it,
  /// before this throws; that takes no longer than `drain`.
  public nonisolated(nonsending) func serveForever(drain: Duration? = nil) async throws {
    do {
      try await startServing()
      try await waitClosed()
    } catch {
      if let drain, error is CancellationError {
        _ = await shutdown(drain: drain, isShielded: true)
      } else {
        close()
      }
      throw error
    }
  }

  // MARK: - The end

  /// Stops listening; connections that were accepted go on. From any thread. asyncio's `close`.
  public func close() {
    phase.withLock { $0 = .closed }
    closeListeners()
  }

  private func closeListeners() {
    for listener in listeners { listener.onItsLoop { $0.close() } }
  }

  /// Closes every connection of the server: what was written leaves, and a handler that reads finds the end of the
  /// stream; asyncio's `close_clients`. What the handler fails with for it (`IncompleteReadError`, `StreamError`) is
  /// not reported. From any thread.
  public func closeClients() {
    for listener in listeners { listener.onItsLoop { $0.closeClients() } }
  }

  /// Resets every connection of the server; asyncio's `abort_clients`. From any thread.
  public func abortClients() {
    for listener in listeners { listener.onItsLoop { $0.abortClients() } }
  }

  /// Waits until the server was closed and all of its connections are gone; asyncio's `wait_closed`. The end of its
  /// loop is the end of the server.
  public nonisolated(nonsending) func waitClosed() async throws {
    try await EventLoop.spendBudget()
    for listener in listeners { try await listener.waitClosed() }
  }

  // MARK: - Reports

  /// What it has done so far and holds now, of all loops.
  ///
  /// - Throws: `EventLoopError.closed` if a loop of the server has ended.
  public var statistics: ServerStatistics {
    get async throws {
      try await EventLoop.spendBudget()
      var sum = ServerStatistics()
      for listener in listeners { sum.add(try await listener.report { $0.statistics }) }
      return sum
    }
  }

  /// The connections that are open now, of all loops, and what each waits for.
  ///
  /// ```swift
  /// let server = try await startServer(port: 7007) { stream in try await serve(stream.reader, stream.writer) }
  /// for connection in try await server.connections { print(connection) }
  /// ```
  ///
  /// - Throws: `EventLoopError.closed` if a loop of the server has ended.
  public var connections: [ServerConnection] {
    get async throws {
      var all: [ServerConnection] = []
      for listener in listeners { all += try await listener.report { $0.connectionList } }
      return all
    }
  }
}

extension Listener {
  fileprivate nonisolated(nonsending) func report<Report: Sendable>(
    _ body: @Sendable (Listener) -> Report
  ) async throws -> Report {
    try await loop.here { body(self) }
  }
}
