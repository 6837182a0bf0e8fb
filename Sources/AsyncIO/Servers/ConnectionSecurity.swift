// SPDX-License-Identifier: Apache-2.0

/// What secures a server's connections before its handler gets them: `TLSConfiguration` of AsyncIOTLS.
///
/// A type of your own can do the same for another protocol below TLS, or instead of it:
///
/// ```swift
/// struct Password: ConnectionSecurity {
///   func prepareServer() throws {}
///   nonisolated(nonsending) func secure(_ stream: ByteStream) async throws {
///     guard try await stream.readLine() == "sesame" else { throw CancellationError() }
///   }
/// }
/// let server = try await startServer(port: 7007, tls: Password()) { stream in try await stream.write("hello\n") }
/// ```
public protocol ConnectionSecurity: Sendable {
  /// Called once, before the server takes its address. What it throws is what starting the server throws.
  func prepareServer() throws

  /// Called in the task of each connection, before the handler. If it throws, the server counts the connection as a
  /// failed handshake (`ServerStatistics.failedHandshakes`), resets it, and doesn't call the handler.
  nonisolated(nonsending) func secure(_ stream: ByteStream) async throws
}
