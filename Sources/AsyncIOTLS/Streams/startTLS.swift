// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
import AsyncIOCore

extension ByteStream {
  /// Goes over to TLS, in the middle of a conversation (STARTTLS) or at its beginning; asyncio's `start_tls`. From then
  /// on everything that is read and written is encrypted on its way; the reader and the writer stay the same.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "mail.example.org", port: 587)
  /// try await stream.write("STARTTLS\r\n")
  /// if try await stream.readLine()?.hasPrefix("220") == true {
  ///   try await stream.startTLS(.client(), host: "mail.example.org")
  /// }
  /// ```
  ///
  /// Bytes that have arrived and were not read belong to the handshake: a server that answers `220 go ahead` may have
  /// the client's hello already. So neither side may have sent anything in plain that the other is still to read.
  /// No task may read or write while this runs.
  ///
  /// - Parameters:
  ///   - configuration: For the client's side or the server's.
  ///   - host: The name or address that the server has to show a certificate for. A client needs it to verify; a server
  ///     takes none.
  /// - Throws: `TLSError`, and the stream is closed. `SystemError` if the connection was lost. `CancellationError` if the
  ///   task is cancelled: the connection is reset.
  public nonisolated(nonsending) func startTLS(
    _ configuration: TLSConfiguration, host: String? = nil
  ) async throws {
    require(reader.handle === writer.handle, "ByteStream.startTLS: the stream's halves are of different connections")
    try await writer.startTLS(configuration, host: host)
  }

  /// What the handshake has agreed on: version, cipher, protocol, the peer's certificate. Nil without TLS. On the
  /// stream's loop.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "example.org", port: 443, tls: .client())
  /// print(stream.tls?.version ?? .tls12, stream.tls?.peerCertificate?.notAfter.description ?? "")
  /// ```
  public var tls: TLSInformation? { writer.tls }
}

extension StreamWriter {
  /// Goes over to TLS, with the reader of the same connection; see `ByteStream.startTLS`.
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

  /// What the handshake has agreed on; nil without TLS. On the stream's loop.
  public var tls: TLSInformation? { (handle.transport.filter as? TLSFilter)?.session.information }
}

extension TLSConfiguration {
  fileprivate nonisolated(nonsending) func startTLS(on transport: StreamTransport, _ host: String?) async throws {
    do {
      try await load(on: transport.loop)
      try await secure(transport, host: host)
    } catch {
      // What was to be secret isn't said in plain instead. Misuse is no failure of the stream.
      if !(error is StreamError) { transport.close() }
      throw error
    }
  }

  func require(host: String?, _ function: String) {
    AsyncIOCore.require(
      role == .server || host != nil || verification != .full,
      "\(function): a client that verifies the server's name has to be given it")
    AsyncIOCore.require(role == .client || host == nil, "\(function): a server's side is given no host")
  }
}
