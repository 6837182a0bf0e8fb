// SPDX-License-Identifier: Apache-2.0
// A listening server: one listener for each address and each loop, an accept operation on each, and a task for each
// connection on the loop that accepted it.
//
// A server belongs to the loop that started it; its listeners on other loops belong to those, and are started and
// stopped by messages to them.

public import AsyncIOCore

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
