// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import TestSupport

@testable import AsyncIOTLS

/// Collects the output of a session.
final class MemorySink: TLSSink {
  var emitted: [UInt8] = []
  var plaintext: [UInt8] = []
  var ended = false

  func emit(_ bytes: UnsafeRawBufferPointer) { emitted.append(contentsOf: bytes) }

  func answer(_ bytes: UnsafeRawBufferPointer) { emit(bytes) }

  func deliver(upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int {
    var room = [UInt8](repeating: 0, count: capacity)
    let count = try room.withUnsafeMutableBytes { try body($0) }
    plaintext.append(contentsOf: room[..<count])
    return count
  }

  func deliverEnd() { ended = true }

  func take() -> [UInt8] {
    defer { emitted = [] }
    return emitted
  }
}

/// A session with its output.
final class End {
  let session: TLSSession
  let sink = MemorySink()
  let output = TLSOutput()

  init(_ configuration: TLSConfiguration, host: String? = nil) throws {
    let peer = host ?? (configuration.role == .server ? "a client" : "a server")
    session = try TLSSession(configuration, host: host, peer: peer, resumptionKey: host, output: output)
  }

  func receive(_ bytes: some Sequence<UInt8>) throws {
    try Array(bytes).withUnsafeBytes {
      var taken = 0
      while taken < $0.count { taken += try session.received(UnsafeRawBufferPointer(rebasing: $0[taken...]), sink) }
    }
  }

  func write(_ text: String) throws { try write(Array(text.utf8)) }

  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try session.write($0, sink) } }

  func end() { session.writeEnd(sink) }

  var text: String { String(decoding: sink.plaintext, as: UTF8.self) }
}

/// Two sessions connected back to back. Each gets the other's output, in pieces of a chosen size.
struct Pair {
  let client: End
  let server: End

  init(
    _ client: TLSConfiguration = .trusting(), _ server: TLSConfiguration = .showing("server"),
    host: String? = "localhost"
  ) throws {
    self.client = try End(client, host: host)
    self.server = try End(server)
  }

  /// The first error of each side.
  struct Outcome {
    var client: (any Error)?
    var server: (any Error)?
    var clientError: TLSError? { client as? TLSError }
    var serverError: TLSError? { server as? TLSError }
  }

  func start() throws {
    try client.session.start(client.sink)
    try server.session.start(server.sink)
  }

  /// Moves bytes until none are left; the alert of a failed side still reaches the other.
  @discardableResult
  func run(cut: (_ bytes: [UInt8], _ toServer: Bool) -> [ArraySlice<UInt8>] = { bytes, _ in [bytes[...]] }) -> Outcome {
    var outcome = Outcome()
    while !client.sink.emitted.isEmpty || !server.sink.emitted.isEmpty {
      for piece in cut(client.sink.take(), true) where outcome.server == nil {
        do { try server.receive(piece) } catch { outcome.server = error }
      }
      for piece in cut(server.sink.take(), false) where outcome.client == nil {
        do { try client.receive(piece) } catch { outcome.client = error }
      }
    }
    return outcome
  }

  /// A whole handshake.
  @discardableResult
  func handshake() throws -> Outcome {
    try start()
    return run()
  }
}

extension TLSConfiguration {
  /// A client that trusts the tests' root and no other.
  static func trusting(_ roots: String = "root.pem", showing name: String? = nil) -> TLSConfiguration {
    var configuration = TLSConfiguration.client()
    configuration.roots = [.pem(.file(TestCertificates.shared.path(roots)))]
    if let name {
      configuration.certificateChain = .file(TestCertificates.shared.path("\(name).pem"))
      configuration.privateKey = .file(TestCertificates.shared.path("\(name).key"))
    }
    return configuration
  }

  /// A server with one of the tests' certificates.
  static func showing(_ name: String, clients: ClientCertificates = .notRequested) -> TLSConfiguration {
    let certificates = TestCertificates.shared
    var configuration = TLSConfiguration.server(
      certificateChainFile: certificates.path("\(name).pem"), privateKeyFile: certificates.path("\(name).key"))
    configuration.roots = [.pem(.file(certificates.path("root.pem")))]
    configuration.clientCertificates = clients
    return configuration
  }

  /// A copy with changes.
  func with(_ change: (inout TLSConfiguration) -> Void) -> TLSConfiguration {
    var copy = self
    change(&copy)
    return copy
  }
}

extension ConnectionSecurity where Self == TLSConfiguration {
  static func showing(_ name: String, clients: TLSConfiguration.ClientCertificates = .notRequested) -> TLSConfiguration
  {
    TLSConfiguration.showing(name, clients: clients)
  }
}
