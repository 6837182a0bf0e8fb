// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

/// Opens a TCP connection; asyncio's `open_connection`.
///
/// ```swift
/// let (reader, writer) = try await openConnection(host: "localhost", port: 8080)
/// ```
///
/// The host's addresses are raced as RFC 8305 (Happy Eyeballs) has it: IPv6 and IPv4 by turns, a quarter of a second
/// apart or as soon as one fails, and the first that answers wins. Small writes leave at once (TCP_NODELAY).
///
/// - Parameter limit: See `StreamReader.limit`.
/// - Throws: `NameError` if the host has no address; the last address's `SystemError` if none could be connected to.
///   `CancellationError` if the task is cancelled: the connection that was being made is closed.
public nonisolated(nonsending) func openConnection(
  host: String, port: UInt16, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let handle: StreamHandle
  if let loop = EventLoop.onThisThread(for: #isolation) {
    handle = try await loop.openConnection(host: host, port: port, limit: limit)
  } else {
    let loop = EventLoop.current
    handle = try await loop.anchor.run { try await loop.openConnection(host: host, port: port, limit: limit) }
  }
  return (StreamReader(handle), StreamWriter(handle))
}

/// Opens a connection to an address: no name is looked up.
///
/// ```swift
/// let (reader, writer) = try await openConnection(to: .loopback(port: 8080))
/// ```
///
/// - Parameter limit: See `StreamReader.limit`.
/// - Throws: `SystemError` if it can't be connected to. `CancellationError` if the task is cancelled: the connection that
///   was being made is closed.
public nonisolated(nonsending) func openConnection(
  to address: SocketAddress, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let handle: StreamHandle
  if let loop = EventLoop.onThisThread(for: #isolation) {
    handle = try await loop.openConnection(to: address, limit: limit)
  } else {
    let loop = EventLoop.current
    handle = try await loop.anchor.run { try await loop.openConnection(to: address, limit: limit) }
  }
  return (StreamReader(handle), StreamWriter(handle))
}

/// Opens a connection to a Unix socket at a path; asyncio's `open_unix_connection`. `openConnection(to:)` takes abstract
/// names.
///
/// ```swift
/// let (reader, writer) = try await openUnixConnection(path: "/run/app.sock")
/// ```
///
/// - Parameter limit: See `StreamReader.limit`.
/// - Throws: `SystemError` if nobody listens there, or if the path is empty or longer than 107 bytes (ENAMETOOLONG).
///   `CancellationError` if the task is cancelled.
public nonisolated(nonsending) func openUnixConnection(
  path: String, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  try await openConnection(to: try unixAddress(path, for: "connect"), limit: limit)
}

func unixAddress(_ path: String, for operation: String) throws -> SocketAddress {
  guard let address = SocketAddress(unixPath: path) else {
    throw SystemError(operation, "\"\(path)\"", code: path.isEmpty ? .noSuchFile : .nameTooLong)
  }
  return address
}

extension EventLoop {
  /// `DeadlinePassed` at a time of this loop's clock; the connections that were being made are closed.
  package nonisolated(nonsending) func openConnection(
    host: String, port: UInt16, limit: Int, until deadline: Int64 = .max
  ) async throws -> StreamHandle {
    let addresses = try await resolve(host, port: port, until: deadline)
    if addresses.isEmpty { throw NameError(host: host, code: 0) }
    let name = addresses.count == 1 ? addresses[0].description : "\(host):\(port)"
    return try await openConnection(toFirstOf: addresses, named: name, limit: limit, until: deadline)
  }

  nonisolated(nonsending) func openConnection(to address: SocketAddress, limit: Int) async throws -> StreamHandle {
    try await openConnection(toFirstOf: [address], named: address.description, limit: limit)
  }

  package nonisolated(nonsending) func openConnection(
    toFirstOf addresses: [SocketAddress], named name: String, limit: Int = 64 * 1024, until deadline: Int64 = .max
  ) async throws -> StreamHandle {
    let attempts = ConnectionAttempts(to: name, on: self)
    let socket = try await attempts.connect(toFirstOf: addresses, until: deadline)
    guard let descriptor = socket.descriptor.take() else { preconditionFailure("a connected socket has a descriptor") }
    let transport = StreamTransport(descriptor, peer: socket.address, limit: limit, loop: self)
    transport.start()
    return StreamHandle(transport)
  }
}
