// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

/// Opens a TCP connection; asyncio's `open_connection`.
///
/// ```swift
/// let (reader, writer) = try await openConnection(host: "localhost", port: 8080)
/// ```
///
/// The host's addresses are tried one after another, in the order of the look-up. Small writes leave at once
/// (TCP_NODELAY).
///
/// - Parameter limit: See `StreamReader.limit`.
/// - Throws: `NameError` if the host has no address; the last address's `SystemError` if none could be connected to.
///   `CancellationError` if the task is cancelled: the connection that was being made is closed.
public nonisolated(nonsending) func openConnection(
  host: String, port: UInt16, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let handle: StreamHandle
  if let loop = EventLoop.onThisThread {
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
  if let loop = EventLoop.onThisThread {
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
  nonisolated(nonsending) func openConnection(
    to address: SocketAddress, limit: Int, until deadline: Int64 = .max
  ) async throws -> StreamHandle {
    let descriptor = try await connect(to: address, until: deadline)
    let transport = StreamTransport(descriptor, peer: address, limit: limit, loop: self)
    transport.start()
    return StreamHandle(transport)
  }

  /// `DeadlinePassed` at a time of this loop's clock; the connection that was being made is closed.
  package nonisolated(nonsending) func openConnection(
    host: String, port: UInt16, limit: Int, until deadline: Int64 = .max
  ) async throws -> StreamHandle {
    var lastError: (any Error)?
    for address in try await resolve(host, port: port, until: deadline) {
      do {
        return try await openConnection(to: address, limit: limit, until: deadline)
      } catch let error as SystemError {
        lastError = error
      }
    }
    throw lastError ?? NameError(host: host, code: 0)
  }

  private nonisolated(nonsending) func connect(
    to address: SocketAddress, until deadline: Int64
  ) async throws -> Descriptor {
    let connecting = Connecting(
      Descriptor(try driver.makeSocket(for: address), of: driver), address: address, loop: self)
    return try await connecting.connect(until: deadline)
  }
}

/// One attempt to connect. It owns the socket until the kernel has answered, whatever becomes of the task.
private final class Connecting: OperationSink, WaitObject {
  private let loop: EventLoop
  private let address: SocketAddress
  private var descriptor: Descriptor?
  private var wait: ParkID?

  init(_ descriptor: consuming Descriptor, address: SocketAddress, loop: EventLoop) {
    self.descriptor = consume descriptor
    self.address = address
    self.loop = loop
  }

  var waitDescription: String { address.description }

  nonisolated(nonsending) func connect(until deadline: Int64) async throws -> Descriptor {
    let number = descriptor?.number ?? -1
    let wait = loop.beginWait(WaitReason("connect", on: self))
    self.wait = wait
    let operation = loop.connect(number, to: address, sink: self)
    switch await loop.wait(wait, until: deadline) {
    case .cancelled:
      // The operation keeps this object, and with it the socket, until its completion.
      loop.cancel(operation)
      throw CancellationError()
    case .resumed(EventLoop.deadlinePassed):
      loop.cancel(operation)
      throw DeadlinePassed()
    case .resumed(let result):
      guard result == 0, let connected = descriptor.take() else {
        throw SystemError("connect", address.description, result: result)
      }
      return connected
    }
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    if let wait { loop.unpark(wait, Int(completion.result)) }
  }
}
