// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Opens a TCP connection; asyncio's `open_connection`. `ByteStream.connect` returns reader and writer in one object.
///
/// ```swift
/// let (reader, writer) = try await openConnection(host: "localhost", port: 8080)
/// ```
///
/// The host's addresses race by RFC 8305 (Happy Eyeballs). IPv6 and IPv4 alternate, each attempt begins a quarter of a
/// second after the last, or as soon as that fails, and the first success wins. Small writes leave at once
/// (TCP_NODELAY).
///
/// - Parameters:
///   - localAddress: The address to connect from; port 0 lets the system choose one. Only addresses of its family are
///     tried.
///   - timeout: The limit for name look-up and connecting together; nil leaves it to the system.
///   - limit: See `StreamReader.limit`.
/// - Throws: `NameError` if the host has no address. The last address's `SystemError` if no attempt succeeded, with
///   ETIMEDOUT if the time was up. `CancellationError` if the task is cancelled: the connections under way are closed.
public nonisolated(nonsending) func openConnection(
  host: String, port: UInt16, from localAddress: SocketAddress? = nil, timeout: Duration? = nil, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let target = ConnectionTarget(.host(host, port: port), from: localAddress, timeout: timeout, limit: limit)
  let handle = try await target.open()
  return (StreamReader(handle), StreamWriter(handle))
}

/// Opens a connection to an address, without a name look-up.
///
/// ```swift
/// let (reader, writer) = try await openConnection(to: .loopback(port: 8080))
/// ```
///
/// Otherwise like `openConnection(host:port:)`.
///
/// - Throws: `SystemError` if the connection fails. `CancellationError` if the task is cancelled: the connection under
///   way is closed.
public nonisolated(nonsending) func openConnection(
  to address: SocketAddress, from localAddress: SocketAddress? = nil, timeout: Duration? = nil, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let target = ConnectionTarget(.address(address), from: localAddress, timeout: timeout, limit: limit)
  let handle = try await target.open()
  return (StreamReader(handle), StreamWriter(handle))
}

/// Opens a connection to a Unix socket at a path; asyncio's `open_unix_connection`. `openConnection(to:)` takes
/// abstract names.
///
/// ```swift
/// let (reader, writer) = try await openUnixConnection(path: "/run/app.sock")
/// ```
///
/// Otherwise like `openConnection(host:port:)`.
///
/// - Throws: `SystemError` if nothing listens there. `SystemError` if the path is empty, longer than 107 bytes
///   (ENAMETOOLONG), or has a zero byte (EINVAL). `CancellationError` if the task is cancelled.
public nonisolated(nonsending) func openUnixConnection(
  path: String, timeout: Duration? = nil, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  try await openConnection(to: try unixAddress(path, for: "connect"), timeout: timeout, limit: limit)
}

func unixAddress(_ path: String, for operation: String) throws -> SocketAddress {
  guard let address = SocketAddress(unixPath: path) else {
    let code: SystemError.Code =
      path.isEmpty ? .noSuchFile : path.utf8.contains(0) ? .invalidArgument : .nameTooLong
    throw SystemError(operation, path.debugDescription, code: code)
  }
  return address
}
