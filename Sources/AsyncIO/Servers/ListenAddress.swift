// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Where a server listens.
///
/// ```swift
/// let place: ListenAddress = CommandLine.arguments.contains("--local") ? .unix(path: "/run/app.sock") : .port(8080)
/// let server = try await startServer(at: place) { stream in try await stream.write("hello\n") }
/// ```
public enum ListenAddress: Hashable, Sendable {
  /// A name or a numeric address, and a port of it; port 0 lets the system choose. Nil is every interface, IPv6 and
  /// IPv4.
  case host(String?, port: UInt16)

  /// An address: no name is looked up.
  case address(SocketAddress)

  /// The path of a Unix socket. The server makes the file, and removes it when it is closed. It takes over a file that
  /// another server has left behind which ended without closing.
  case unix(path: String)

  /// Sockets that listen already; asyncio's `start_server(sock=)`. See `ListeningSocket`.
  case sockets([ListeningSocket])

  /// A port of every interface.
  public static func port(_ port: UInt16) -> ListenAddress { .host(nil, port: port) }

  /// A port that only this machine reaches, by IPv4: 127.0.0.1.
  public static func loopback(port: UInt16) -> ListenAddress { .address(.loopback(port: port)) }
}
