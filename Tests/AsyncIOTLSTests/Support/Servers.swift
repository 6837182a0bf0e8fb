// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOTLS

/// The reports to the exception handler of the test's loop.
final class Reports: Sendable {
  private let errors = Mutex<[any Error]>([])

  /// Collects on the current loop from now on.
  init() {
    EventLoop.current.setExceptionHandler { [weak self] _, context in
      if let error = context.error { self?.errors.withLock { $0.append(error) } }
    }
  }

  var all: [any Error] { errors.withLock { $0 } }
  var tls: [TLSError] { all.compactMap { $0 as? TLSError } }
}

/// A server that echoes its input.
func startEcho(_ tls: TLSConfiguration = .showing("server")) async throws -> Server {
  try await startServer(host: "127.0.0.1", port: 0, tls: tls) { stream in
    var buffer: [UInt8] = []
    while try await stream.read(into: &buffer) > 0 { try await stream.write(buffer) }
    try await stream.close()
  }
}

/// A server whose handler performs the handshake. So a failed handshake is a failure of the handler, and reported:
/// `startServer(tls:)` only counts it.
func startReporting(
  _ tls: TLSConfiguration, handler: @escaping @Sendable (ByteStream) async throws -> Void
) async throws -> Server {
  try await startServer(host: "127.0.0.1", port: 0) { stream in
    do { try await stream.startTLS(tls) } catch {
      try? await stream.close()
      throw error
    }
    try await handler(stream)
  }
}

/// A connection to a server on this machine.
func connect(_ port: UInt16, _ tls: TLSConfiguration = .trusting(), name: String? = nil) async throws -> ByteStream {
  try await ByteStream.connect(host: "127.0.0.1", port: port, tls: tls, serverName: name)
}

extension Server {
  /// Ends the server with all its connections. Failures of handlers that this causes are ignored.
  func stop() async throws {
    EventLoop.current.setExceptionHandler { _, _ in }
    close()
    abortClients()
    try await waitClosed()
  }
}
