// SPDX-License-Identifier: Apache-2.0
// A peer that does what our streams never do: a session in memory, whose bytes a test moves to and from a stream at any
// time. The test may also call its OpenSSL directly.

import AsyncIO
import AsyncIOCore
import COpenSSL
import Testing

@testable import AsyncIO
@testable import AsyncIOTLS

final class HandMadePeer: @unchecked Sendable {
  // Sendable: its tasks use it one after another.
  let end: End
  let stream: ByteStream

  init(_ configuration: TLSConfiguration, host: String? = nil, on stream: ByteStream) throws {
    end = try End(configuration, host: host)
    self.stream = stream
  }

  /// Sends the session's output.
  func flush() async throws {
    let bytes = end.sink.take()
    if !bytes.isEmpty { try await stream.write(bytes) }
  }

  /// Receives what has come; false at the end.
  func receive() async throws -> Bool {
    let bytes = try await stream.read(upTo: 65_536)
    try end.receive(bytes)
    return !bytes.isEmpty
  }

  func handshake() async throws {
    try end.session.start(end.sink)
    try await flush()
    while end.session.phase == .handshaking {
      guard try await receive() else { return }
      try await flush()
    }
  }
}

extension End {
  var ssl: OpaquePointer { session.ssl }

  /// `SSL_OP_NO_RENEGOTIATION` is a macro that Swift doesn't import.
  func allowRenegotiation() { SSL_clear_options(ssl, 1 << 30) }

  /// Records without data.
  enum Nothing: String, CaseIterable, Sendable {
    /// A key update that requests one in return (TLS 1.3).
    case keyUpdate
    /// A server's request for a renegotiation (TLS 1.2).
    case helloRequest
    /// A server's ticket (TLS 1.3).
    case ticket

    var version: TLSVersion { self == .helloRequest ? .tls12 : .tls13 }
  }

  func sayNothing(_ kind: Nothing, times: Int = 1) {
    for _ in 0..<times {
      switch kind {
      case .keyUpdate: #expect(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
      case .helloRequest:
        allowRenegotiation()
        #expect(SSL_renegotiate(ssl) == 1)
      case .ticket: #expect(SSL_new_session_ticket(ssl) == 1)
      }
      SSL_do_handshake(ssl)
    }
    output.flush(from: 0, to: sink, asAnswer: false)
  }
}
