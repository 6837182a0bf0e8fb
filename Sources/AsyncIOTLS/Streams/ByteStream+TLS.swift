// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
public import AsyncIOCore

extension ByteStream {
  /// Opens a TCP connection and secures it with TLS; asyncio's `open_connection(ssl=...)`.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "example.org", port: 443, tls: .client())
  /// try await stream.write("GET / HTTP/1.0\r\nHost: example.org\r\n\r\n")
  /// print(String(decoding: try await stream.readToEnd(), as: UTF8.self))
  /// try await stream.close()
  /// ```
  ///
  /// - Parameters:
  ///   - tls: A client's configuration.
  ///   - serverName: The name to send and to verify, if it differs from `host`.
  ///   - timeout: The limit for the name look-up, the connection and the handshake together. The handshake also has its
  ///     own limit (`TLSConfiguration.handshakeTimeLimit`).
  /// - Throws: What `connect(host:port:)` throws, and `TLSError`. `CancellationError` if the task is cancelled; the
  ///   connection is closed then.
  public nonisolated(nonsending) static func connect(
    host: String, port: UInt16, tls: TLSConfiguration, serverName: String? = nil,
    from localAddress: SocketAddress? = nil, timeout: Duration? = nil, limit: Int = 64 * 1024
  ) async throws -> ByteStream {
    let target = ConnectionTarget(.host(host, port: port), from: localAddress, timeout: timeout, limit: limit)
    return try await open(target, tls, name: serverName ?? host, port: port, timeout: timeout)
  }

  /// Connects to an address and secures the connection with TLS. An address is not a name to verify, so `serverName`
  /// says which name the certificate must have.
  ///
  /// ```swift
  /// let address = SocketAddress("127.0.0.1", port: 8443)!
  /// let stream = try await ByteStream.connect(to: address, tls: .client(), serverName: "example.org")
  /// ```
  public nonisolated(nonsending) static func connect(
    to address: SocketAddress, tls: TLSConfiguration, serverName: String, from localAddress: SocketAddress? = nil,
    timeout: Duration? = nil, limit: Int = 64 * 1024
  ) async throws -> ByteStream {
    let target = ConnectionTarget(.address(address), from: localAddress, timeout: timeout, limit: limit)
    return try await open(target, tls, name: serverName, port: address.port, timeout: timeout)
  }

  private nonisolated(nonsending) static func open(
    _ target: ConnectionTarget, _ tls: TLSConfiguration, name: String, port: UInt16, timeout: Duration?
  ) async throws -> ByteStream {
    require(tls.role == .client, "ByteStream.connect: the TLS configuration is a server's")
    return ByteStream(
      try await onCurrentLoop { loop in
        try await loop.openSecured(target, tls, name: name, port: port, timeout: timeout)
      })
  }
}

extension EventLoop {
  fileprivate nonisolated(nonsending) func openSecured(
    _ target: ConnectionTarget, _ tls: TLSConfiguration, name: String, port: UInt16, timeout: Duration?
  ) async throws -> StreamHandle {
    let deadline = timeout.map { self.deadline(after: $0.clampedNanoseconds) } ?? .max
    // A faulty configuration is reported before anything is connected.
    try await tls.load(on: self)
    let handle = try await target.open()
    do {
      try await tls.secure(handle.transport, host: name, port: port, until: deadline)
    } catch is DeadlinePassed {
      throw TLSError(.handshake, name, .handshakeTimedOut(after: timeout ?? .zero))
    }
    return handle
  }
}

/// Opens a TCP connection and secures it with TLS; asyncio's `open_connection(ssl=...)`. `ByteStream.connect` returns
/// both halves as one stream.
///
/// ```swift
/// let (reader, writer) = try await openConnection(host: "example.org", port: 443, tls: .client())
/// ```
public nonisolated(nonsending) func openConnection(
  host: String, port: UInt16, tls: TLSConfiguration, serverName: String? = nil, from localAddress: SocketAddress? = nil,
  timeout: Duration? = nil, limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let stream = try await ByteStream.connect(
    host: host, port: port, tls: tls, serverName: serverName, from: localAddress, timeout: timeout, limit: limit)
  return (stream.reader, stream.writer)
}

/// Runs the body with a new connection. The connection is closed when the body returns, and reset if it throws.
///
/// ```swift
/// let greeting = try await withConnection(host: "imap.example.org", port: 993, tls: .client()) { stream in
///   try await stream.readLine()
/// }
/// ```
///
/// - Throws: The error of connecting, of the body, or of sending what the body wrote.
public nonisolated(nonsending) func withConnection<Result>(
  host: String, port: UInt16, tls: TLSConfiguration, timeout: Duration? = nil,
  _ body: nonisolated(nonsending) (ByteStream) async throws -> Result
) async throws -> Result {
  try await closing(ByteStream.connect(host: host, port: port, tls: tls, timeout: timeout), after: body)
}
