// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import Testing

@testable import AsyncIOTLS

extension BackendKind {
  /// The kernel's backends, which can talk to other implementations.
  static let real: [BackendKind] = {
    do {
      _ = try RingBackend()
      return [.ioUring, .epoll]
    } catch {
      print("io_uring is not available here (\(error)): the tests run on epoll only")
      return [.epoll]
    }
  }()

  /// The kernel's backends and the virtual one.
  static let all: [BackendKind] = real + [.virtual]
}

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

/// Runs turns of the loop until the condition holds. The test's time limit ends a condition that never holds.
func turns(until condition: () async throws -> Bool) async throws {
  while try await !condition() { try await sleep(.microseconds(50)) }
}

/// Bytes that vary by position.
func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
  var numbers = Numbers(seed: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  while bytes.count < count { withUnsafeBytes(of: numbers.next()) { bytes.append(contentsOf: $0) } }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// Compares megabytes: `#expect` inspects its operands element by element for its report.
func expectSame(_ received: [UInt8], _ sent: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
  let same = received == sent
  #expect(same, "\(received.count) of \(sent.count) bytes", sourceLocation: sourceLocation)
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
