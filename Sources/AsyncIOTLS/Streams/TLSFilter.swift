// SPDX-License-Identifier: Apache-2.0
// A session inside a stream, between the user's bytes and the descriptor's. It adds what a session lacks: the task that
// waits for the handshake, and the loop's time. All of it runs on the loop's thread.

package import AsyncIO
import AsyncIOCore

extension StreamTransport: TLSSink {}

final class TLSFilter: StreamFilter {
  let session: TLSSession
  private let shutdownTimeLimit: Duration
  private let loop: EventLoop
  private var handshaking: WaitID?
  /// Why the handshake will never complete.
  private var failure: (any Error)?

  init(_ session: TLSSession, shutdownTimeLimit: Duration, on loop: EventLoop) {
    self.session = session
    self.shutdownTimeLimit = shutdownTimeLimit
    self.loop = loop
  }

  // MARK: - The transport's calls

  var closeTimeLimit: Duration { shutdownTimeLimit }

  /// Only an open session has a close_notify to wait for.
  var awaitsPeerEnd: Bool { session.phase == .open }

  var closeTimedOut: any Error { TLSError(.send, session.peer, .shutdownTimedOut(after: shutdownTimeLimit)) }

  func received(_ bytes: UnsafeRawBufferPointer, on transport: StreamTransport) throws -> Int {
    do {
      let taken = try session.received(bytes, transport)
      if let handshaking, session.phase == .open { loop.resume(handshaking) }
      return taken
    } catch {
      failure = error
      throw error
    }
  }

  func receivedEnd(on transport: StreamTransport) throws {
    do {
      try session.receivedEnd()
    } catch {
      failure = error
      throw error
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, on transport: StreamTransport) throws {
    try session.write(bytes, transport)
  }

  func writeEnd(on transport: StreamTransport) throws { session.writeEnd(transport) }

  func ended(by error: any Error) {
    if failure == nil { failure = error }
    if let handshaking { loop.resume(handshaking) }
  }

  // MARK: - The handshake

  /// Installs the filter in the stream. If the peer is refused at once, the alert with the reason is sent and the
  /// stream is closed.
  private func start(on transport: StreamTransport) throws {
    do {
      try transport.install(self)
      try session.start(transport)
    } catch {
      if transport.filter === self { transport.close() }
      throw error
    }
  }

  /// Waits until both sides agree. If they don't, the stream is closed.
  ///
  /// A task never gives back the memory that this function and its callers hold across the wait, so they hold little.
  nonisolated(nonsending) func handshake(
    on transport: StreamTransport, within limit: Duration, until deadline: Int64
  ) async throws {
    let own = loop.deadline(after: limit.clampedNanoseconds)
    try start(on: transport)
    while session.phase == .handshaking, failure == nil {
      let wait = loop.beginWait(WaitReason("TLS handshake with", on: transport))
      handshaking = wait
      let outcome = await loop.wait(wait, until: min(own, deadline))
      handshaking = nil
      if session.phase != .open, outcome != .resumed(0) {
        transport.abort()
        throw interruption(outcome, limit, isOwn: own <= deadline)
      }
    }
    if session.phase == .open { return }
    transport.close()
    throw transport.named(failure ?? StreamError.aborted, "startTLS")
  }

  private func interruption(_ outcome: WaitOutcome, _ limit: Duration, isOwn: Bool) -> any Error {
    if outcome == .cancelled { return CancellationError() }
    return isOwn ? TLSError(.handshake, session.peer, .handshakeTimedOut(after: limit)) : DeadlinePassed()
  }
}

extension TLSConfiguration {
  /// Secures a stream, on its loop. Throws `DeadlinePassed` at the given time of the loop's clock.
  package nonisolated(nonsending) func secure(
    _ transport: StreamTransport, host: String?, port: UInt16? = nil, until deadline: Int64 = .max
  ) async throws {
    let filter = try makeFilter(for: transport, host: host, port: port)
    try await filter.handshake(on: transport, within: handshakeTimeLimit, until: deadline)
  }

  private func makeFilter(for transport: StreamTransport, host: String?, port: UInt16?) throws -> TLSFilter {
    let session = try TLSSession(
      self, host: host, peer: host ?? transport.waitDescription,
      resumptionKey: host.map { "\($0):\(port ?? transport.peer?.port ?? 0)" }, output: .shared(on: transport.loop))
    return TLSFilter(session, shutdownTimeLimit: shutdownTimeLimit, on: transport.loop)
  }
}

extension TLSOutput {
  /// The output that all sessions of this loop share.
  static func shared(on loop: EventLoop) -> TLSOutput {
    loop.attachment { TLSOutput() }
  }
}
