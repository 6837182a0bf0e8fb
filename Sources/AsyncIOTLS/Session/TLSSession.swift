// SPDX-License-Identifier: Apache-2.0
// One connection's TLS without I/O. The peer's bytes go in; bytes for the peer and plaintext come out through a sink,
// in that call. A session never waits: OpenSSL can lack input, but never room for output.
//
//   handshaking --> open --> (close_notify sent, received, in any order)
//        \            \
//         +------------+--> failed: every later call throws the same error
//
// A session belongs to the thread of its stream's loop.

import COpenSSL

package final class TLSSession {
  package enum Phase: Equatable { case handshaking, open, failed }

  /// The bytes to encrypt at once, in four records. Larger writes are cut, so that the output's memory is bounded.
  static let largestWrite = 64 * 1024
  private static let largestRecord = 16 * 1024

  /// OpenSSL's reason to refuse the peer's certificate.
  final class Refusal {
    let code: Int32
    let certificate: TLSCertificate?

    init(code: Int32, certificate: TLSCertificate?) {
      self.code = code
      self.certificate = certificate
    }
  }

  let context: TLSContext
  /// The peer's name in errors.
  package let peer: String
  /// The key to store tickets under; nil to store none.
  let resumptionKey: String?
  package private(set) var phase = Phase.handshaking
  /// Whether the peer's close_notify has come.
  package private(set) var hasReceivedEnd = false
  package private(set) var hasSentEnd = false
  /// A `TLSError` in a box: every connection has a session, and few of them fail.
  private var failure: (any Error)?
  /// The first bytes from the peer, which distinguish TLS from other protocols.
  private var beginning: [UInt8] = []
  /// Why the peer's certificate was refused, if it was.
  var refusal: Refusal?
  /// Whether the peer asked for a renegotiation, which we refuse.
  var hasRefusedRenegotiation = false

  let ssl: OpaquePointer
  private let pipe: UnsafeMutablePointer<TLSPipe>
  private let output: TLSOutput

  package var role: TLSConfiguration.Role { context.settings.role }

  /// - Parameters:
  ///   - host: The name or IP address that a client asks for: sent (SNI) and verified. Nil for a server.
  ///   - peer: The peer's name in errors.
  ///   - resumptionKey: The key that distinguishes this peer from others that a client talks to.
  init(
    _ context: TLSContext, host: String?, peer: String, resumptionKey: String? = nil, output: TLSOutput
  ) throws {
    self.context = context
    self.peer = peer
    self.resumptionKey = context.settings.role == .client && context.settings.resumesSessions ? resumptionKey : nil
    self.output = output
    ERR_clear_error()
    pipe = .allocate(capacity: 1)
    pipe.initialize(to: TLSPipe(output: output.storage))
    guard let ssl = SSL_new(context.pointer), let bio = TLSPipe.makeBIO(pipe) else { fatalError("out of memory") }
    self.ssl = ssl
    SSL_set_bio(ssl, bio, bio)
    // Safety: OpenSSL calls back only within calls of this object, which outlives `ssl`.
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    if context.settings.role == .server {
      SSL_set_accept_state(ssl)
    } else {
      SSL_set_connect_state(ssl)
      if let host { try setHost(host) }
      if let key = self.resumptionKey { context.tickets.use(on: ssl, for: key) }
    }
  }

  /// A session with a configuration's settings.
  package convenience init(
    _ configuration: TLSConfiguration, host: String? = nil, peer: String, resumptionKey: String? = nil,
    output: TLSOutput
  ) throws {
    try self.init(configuration.context(), host: host, peer: peer, resumptionKey: resumptionKey, output: output)
  }

  deinit {
    // OpenSSL discards the ticket of a connection that ends without close_notify: a rule of SSL 3.
    if phase != .failed { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
    SSL_free(ssl)
    pipe.deallocate()
  }

  /// The session of an OpenSSL callback.
  static func of(_ ssl: OpaquePointer?) -> TLSSession? {
    guard let data = SSL_get_ex_data(ssl, 0) else { return nil }
    return Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
  }

  // MARK: - In and out

  /// Begins the handshake: a client sends its hello, a server nothing yet.
  package func start(_ sink: some TLSSink) throws {
    if role == .client { try run(sink) { try handshake() } }
  }

  /// Processes as many of the bytes as one turn allows, and returns how many that were.
  package func received(_ bytes: UnsafeRawBufferPointer, _ sink: some TLSSink) throws -> Int {
    if hasReceivedEnd { return bytes.count }
    var rest = bytes
    pipe.pointee.records.beginCall()
    if phase != .open {
      try run(sink, answers: true) {
        if beginning.count < 3 { beginning.append(contentsOf: bytes.prefix(3 - beginning.count)) }
        pipe.pointee.input = bytes
        try handshake()
        rest = pipe.pointee.input
      }
    }
    if phase == .open {
      try run(sink, answers: true) {
        pipe.pointee.input = rest
        try read(sink)
        rest = pipe.pointee.input
      }
    }
    guard hasReceivedEnd else { return bytes.count - rest.count }
    sink.deliverEnd()
    return bytes.count
  }

  /// Notes the end of the peer's bytes.
  ///
  /// - Throws: `TLSError.truncated` if the peer sent no close_notify before.
  package func receivedEnd() throws {
    if let failure { throw failure }
    if !hasReceivedEnd { throw fail(phase == .handshaking && !looksLikeTLS ? .notTLS : .truncated) }
  }

  package func write(_ bytes: UnsafeRawBufferPointer, _ sink: some TLSSink) throws {
    if let failure { throw failure }
    guard phase == .open else { throw TLSError(.send, peer, .handshakeIncomplete) }
    var rest = bytes
    while rest.count > 0 {
      let size = min(rest.count, Self.largestWrite)
      try run(sink) {
        var written = 0
        let result = SSL_write_ex(ssl, rest.baseAddress, size, &written)
        if result != 1 { throw failed(.send, result) }
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[size...])
    }
  }

  /// Sends close_notify.
  package func writeEnd(_ sink: some TLSSink) {
    guard phase == .open, !hasSentEnd else { return }
    hasSentEnd = true
    try? run(sink) { _ = SSL_shutdown(ssl) }
  }

  /// Calls OpenSSL. Its error queue belongs to the thread and must be empty before the call. Output is sent even after
  /// an error.
  @inline(__always)
  private func run(_ sink: some TLSSink, answers: Bool = false, _ body: () throws -> Void) throws {
    if let failure { throw failure }
    ERR_clear_error()
    // A protocol may write from its callback, which runs inside the call that delivered its data. That outer call may
    // have unread input, and output of its own or of another session: both are kept apart here.
    let unread = pipe.pointee.input
    let begin = output.count
    defer {
      pipe.pointee.input = unread
      output.flush(from: begin, to: sink, asAnswer: answers)
    }
    try body()
  }

  private func handshake() throws {
    let result = SSL_do_handshake(ssl)
    if result == 1 {
      phase = .open
      beginning = []
      pipe.pointee.records.handshakeEnded()
    } else if SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ {
      throw failed(.handshake, result)
    }
  }

  private func read(_ sink: some TLSSink) throws {
    while !hasReceivedEnd {
      let pending = Int(SSL_pending(ssl))
      let capacity = min(max(pipe.pointee.input.count, pending), Self.largestRecord)
      if capacity == 0 { return }
      var result: Int32 = 0
      sink.deliver(upTo: capacity) { room in
        var count = 0
        result = SSL_read_ex(ssl, room.baseAddress, room.count, &count)
        return count
      }
      if result == 1 {
        pipe.pointee.records.dataCame()
        continue
      }
      switch SSL_get_error(ssl, result) {
      case SSL_ERROR_WANT_READ:
        if pipe.pointee.records.hasTooManyWithoutData {
          throw fail(.protocolViolation("more than \(RecordCounter.mostWithoutData) records in a row without data"))
        }
        return
      case SSL_ERROR_ZERO_RETURN: hasReceivedEnd = true
      default: throw failed(.receive, result)
      }
    }
  }

  // MARK: - Failing

  var looksLikeTLS: Bool {
    guard let first = beginning.first else { return true }
    return 20...23 ~= first && (beginning.count < 2 || beginning[1] == 3)
  }

  private func failed(_ operation: TLSError.Operation, _ result: Int32) -> TLSError {
    fail(kind(of: takeDecisiveError()), operation: operation)
  }

  private func fail(_ kind: TLSError.Kind, operation: TLSError.Operation? = nil) -> TLSError {
    let operation = operation ?? (phase == .handshaking ? .handshake : .receive)
    phase = .failed
    let error = TLSError(operation, peer, kind, certificate: refusal?.certificate)
    failure = error
    return error
  }
}

/// Receives a session's results: a stream's transport, or memory in a test.
package protocol TLSSink: AnyObject {
  /// Takes bytes for the peer, which are valid during the call.
  func emit(_ bytes: UnsafeRawBufferPointer)
  /// Takes bytes for the peer that OpenSSL sends on its own, as answers. The peer decides how many there are.
  func answer(_ bytes: UnsafeRawBufferPointer)
  /// Lends room for plaintext. The body returns how many bytes it wrote.
  @discardableResult
  func deliver(upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int
  /// Notes that the peer ended its side with close_notify.
  func deliverEnd()
}
