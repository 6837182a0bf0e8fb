// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension ByteStream {
  /// Opens a TCP connection; see `openConnection(host:port:)`, which gives it in two halves.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "localhost", port: 8080, timeout: .seconds(5))
  /// ```
  public nonisolated(nonsending) static func connect(
    host: String, port: UInt16, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
    limit: Int = 64 * 1024
  ) async throws -> ByteStream {
    let target = ConnectionTarget(.host(host, port: port), from: localAddress, timeout: timeout, limit: limit)
    return ByteStream(try await target.open())
  }

  /// Opens a connection to an address, of a Unix socket too; see `openConnection(to:)`.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(to: SocketAddress(unixPath: "/run/app.sock")!)
  /// ```
  public nonisolated(nonsending) static func connect(
    to address: SocketAddress, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
    limit: Int = 64 * 1024
  ) async throws -> ByteStream {
    let target = ConnectionTarget(.address(address), from: localAddress, timeout: timeout, limit: limit)
    return ByteStream(try await target.open())
  }

  /// Two ends of a connection within this process; socketpair(2).
  ///
  /// ```swift
  /// let (near, far) = try await ByteStream.pair()
  /// try await near.write("hello\n")
  /// print(try await far.readLine() ?? "")
  /// ```
  public nonisolated(nonsending) static func pair(
    limit: Int = 64 * 1024
  ) async throws -> (ByteStream, ByteStream) {
    let handles = try await onCurrentLoop { try $0.makeStreamPair(limit: limit) }
    return (ByteStream(handles.0), ByteStream(handles.1))
  }
}

/// Runs the body with a connection that is closed when the body is done, and reset if it throws.
///
/// ```swift
/// let answer = try await withConnection(host: "127.0.0.1", port: 8080) { stream in
///   try await stream.write("ping\n")
///   return try await stream.readLine()
/// }
/// ```
///
/// - Throws: What connecting, the body, or sending what it wrote throws.
public nonisolated(nonsending) func withConnection<Result>(
  host: String, port: UInt16, timeout: Duration? = nil,
  _ body: nonisolated(nonsending) (ByteStream) async throws -> Result
) async throws -> Result {
  try await closing(ByteStream.connect(host: host, port: port, timeout: timeout), after: body)
}

/// The same with a connection to an address.
///
/// ```swift
/// try await withConnection(to: .loopback(port: 8080)) { stream in try await stream.write("bye\n") }
/// ```
public nonisolated(nonsending) func withConnection<Result>(
  to address: SocketAddress, timeout: Duration? = nil,
  _ body: nonisolated(nonsending) (ByteStream) async throws -> Result
) async throws -> Result {
  try await closing(ByteStream.connect(to: address, timeout: timeout), after: body)
}

/// Runs the body, then closes the stream; resets it if the body throws.
package nonisolated(nonsending) func closing<Result>(
  _ stream: ByteStream, after body: nonisolated(nonsending) (ByteStream) async throws -> Result
) async throws -> Result {
  do {
    let result = try await body(stream)
    try await stream.close()
    return result
  } catch {
    stream.abort()
    throw error
  }
}

extension EventLoop {
  func makeStreamPair(limit: Int) throws -> (StreamHandle, StreamHandle) {
    let (first, second) = try sockets.makeSocketPair()
    return (
      makeStream(Descriptor(first, of: backend), peer: .unnamedUnix, limit: limit),
      makeStream(Descriptor(second, of: backend), peer: .unnamedUnix, limit: limit)
    )
  }

  /// - Parameter reads: False for what is only written to.
  package func makeStream(
    _ descriptor: consuming Descriptor, peer: SocketAddress?, isSocket: Bool = true, reads: Bool = true, limit: Int
  ) -> StreamHandle {
    require(!reads || limit > 0, "StreamReader: the limit of a stream is a number of bytes above 0")
    let transport = StreamTransport(descriptor, peer: peer, isSocket: isSocket, limit: limit, loop: self)
    if reads { transport.start() }
    return StreamHandle(transport)
  }
}
