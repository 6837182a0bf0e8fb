// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
import AsyncIOCore

/// The `tls` of `startServer` and its kin; asyncio's `start_server(ssl=...)`.
///
/// ```swift
/// let server = try await startServer(
///   host: "127.0.0.1", port: 0, tls: .server(certificateChainFile: "fullchain.pem", privateKeyFile: "privkey.pem")
/// ) { stream in
///   for try await line in stream.lines { try await stream.write("<\(line)>\n") }
/// }
/// ```
extension TLSConfiguration: ConnectionSecurity {
  /// Reads the files of the configuration, for a server that starts.
  ///
  /// - Throws: `TLSError` if one can't be used.
  public func prepareServer() throws {
    AsyncIOCore.require(role == .server, "startServer: the TLS configuration is a client's")
    try load()
  }

  /// Performs the handshake with a client, within `handshakeTimeLimit`.
  ///
  /// - Throws: `TLSError` if it fails; the stream is closed then.
  public nonisolated(nonsending) func secure(_ stream: ByteStream) async throws {
    require(host: nil, "TLSConfiguration.secure")
    do {
      let handle = stream.writer.handle
      if handle.isCurrent(for: #isolation) {
        try await secure(handle.transport, host: nil)
      } else {
        try await stream.startTLS(self)
      }
    } catch {
      // Close first: a reset right after it might overtake the alert that tells the client why.
      try? await stream.close()
      throw error
    }
  }
}

extension ConnectionSecurity where Self == TLSConfiguration {
  /// A server's configuration from PEM files, for the argument `tls` of `startServer`.
  public static func server(certificateChainFile: String, privateKeyFile: String) -> TLSConfiguration {
    TLSConfiguration.server(certificateChainFile: certificateChainFile, privateKeyFile: privateKeyFile)
  }

  /// A server's configuration from PEM, for the argument `tls` of `startServer`.
  public static func server(
    certificateChain: TLSConfiguration.PEM, privateKey: TLSConfiguration.PEM
  ) -> TLSConfiguration {
    TLSConfiguration.server(certificateChain: certificateChain, privateKey: privateKey)
  }
}
