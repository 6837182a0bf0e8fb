// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
import AsyncIOCore

extension ByteStream {
  /// Switches to TLS, in the middle of a conversation (STARTTLS) or at its beginning; asyncio's `start_tls`. From then
  /// on all bytes are encrypted on their way. The reader and the writer remain the ones to use.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "mail.example.org", port: 587)
  /// try await stream.write("STARTTLS\r\n")
  /// if try await stream.readLine()?.hasPrefix("220") == true {
  ///   try await stream.startTLS(.client(), host: "mail.example.org")
  /// }
  /// ```
  ///
  /// Bytes that have arrived but were not read belong to the handshake: a server that answers `220 go ahead` may
  /// already have the client's hello. So neither side may have sent plain bytes that the other has yet to read. No task
  /// may read or write while this runs.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of a client or a server, which decides the side.
  ///   - host: The name or address that the server's certificate must have. A client needs it to verify; a server takes
  ///     nil.
  /// - Throws: `TLSError`; the stream is closed then. `SystemError` if the connection was lost. `CancellationError` if
  ///   the task is cancelled; the connection is reset then.
  public nonisolated(nonsending) func startTLS(
    _ configuration: TLSConfiguration, host: String? = nil
  ) async throws {
    require(reader.handle === writer.handle, "ByteStream.startTLS: the stream's halves are of different connections")
    try await writer.startTLS(configuration, host: host)
  }

  /// What the handshake agreed on: version, cipher, protocol, the peer's certificate. Nil without TLS. Call it on the
  /// stream's loop.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "example.org", port: 443, tls: .client())
  /// print(stream.tls?.version ?? .tls12, stream.tls?.peerCertificate?.notAfter.description ?? "")
  /// ```
  public var tls: TLSInformation? { writer.tls }
}

extension StreamWriter {
  /// Switches to TLS, together with the reader of this connection; see `ByteStream.startTLS`.
  ///
  /// ```swift
  /// let (reader, writer) = try await openConnection(host: "mail.example.org", port: 587)
  /// try await writer.write("STARTTLS\r\n")
  /// print(try await reader.readLine() ?? "")
  /// try await writer.startTLS(.client(), host: "mail.example.org")
  /// ```
  public nonisolated(nonsending) func startTLS(
    _ configuration: TLSConfiguration, host: String? = nil
  ) async throws {
    configuration.require(host: host, "StreamWriter.startTLS")
    if handle.isCurrent(for: #isolation) { return try await configuration.startTLS(on: handle.transport, host) }
    try await handle.onLoop { try await configuration.startTLS(on: $0, host) }
  }

  /// What the handshake agreed on; nil without TLS. Call it on the stream's loop.
  public var tls: TLSInformation? { (handle.transport.filter as? TLSFilter)?.session.information }
}

extension TLSConfiguration {
  fileprivate nonisolated(nonsending) func startTLS(on transport: StreamTransport, _ host: String?) async throws {
    do {
      try await load(on: transport.loop)
      try await secure(transport, host: host)
    } catch {
      // Close, so that nothing secret is sent in plain. A program's misuse (`StreamError`) does not close the stream.
      if !(error is StreamError) { transport.close() }
      throw error
    }
  }

  func require(host: String?, _ function: String) {
    AsyncIOCore.require(
      role == .server || host != nil || verification != .full,
      "\(function): a client that verifies the server's name needs a host")
    AsyncIOCore.require(role == .client || host == nil, "\(function): a server takes no host")
  }
}
