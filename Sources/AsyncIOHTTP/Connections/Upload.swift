// SPDX-License-Identifier: Apache-2.0
// Sends a body that is too large to leave with its head: piece by piece, as the connection has room, independently of
// input. A server may respond before it has read everything: with 100 Continue, with a response that it streams while
// it reads, or with a refusal. So the task that waits for the response waits here for both directions. The upload needs
// no task of its own: the transport reports when output has been sent.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore

final class Upload: StreamConsumer {
  enum State {
    case running
    /// The kernel has all bytes.
    case done
    /// The server's response says that it wants no more.
    case stopped
    /// The connection broke.
    case failed(any Error)
  }

  private let transport: StreamTransport
  @exclusivity(unchecked) private var body: [UInt8]
  /// How many bytes of the body the transport has.
  @exclusivity(unchecked) private var given = 0
  @exclusivity(unchecked) private(set) var state = State.running
  @exclusivity(unchecked) private var waiter: WaitID?

  /// The bytes of one write, which must also leave within the idle time limit. The second number is how many pieces are
  /// written in a row before other tasks have their turn.
  private static let piece = 64 * 1024
  private static let piecesInARow = 16
  /// The next piece is written when at most this many bytes wait to be sent.
  private static let lowWater = 16 * 1024

  /// Begins to send.
  init(_ body: [UInt8], on transport: StreamTransport) throws {
    self.body = body
    self.transport = transport
    try transport.install(self, for: "send to")
    advance()
  }

  var isRunning: Bool { if case .running = state { true } else { false } }

  /// Stops the upload.
  func stop() { if isRunning { end(.stopped) } }

  /// Waits until bytes have arrived or left, or can't. Throws `DeadlinePassed` at the given time of the loop's clock.
  nonisolated(nonsending) func waitForMovement(until deadline: Int64) async throws {
    guard waiter == nil else { throw transport.named(StreamError.concurrentRead, "send to") }
    let loop = transport.loop
    let wait = loop.beginWait(WaitReason("send to", on: transport))
    waiter = wait
    let outcome = await loop.wait(wait, until: deadline)
    waiter = nil
    try outcome.check()
  }

  private func advance() {
    guard isRunning else { return }
    do {
      var pieces = 0
      while given < body.count && transport.outputError == nil {
        if transport.pendingOutput > Self.lowWater { return }
        pieces += 1
        if pieces > Self.piecesInARow {
          _ = transport.loop.callSoon { [weak self] in self?.advance() }
          return
        }
        let end = min(given + Self.piece, body.count)
        _ = try body.withUnsafeBytes { try transport.write(UnsafeRawBufferPointer(rebasing: $0[given..<end])) }
        given = end
      }
      if let error = transport.outputError { return end(.failed(error)) }
      if transport.pendingOutput == 0 { end(.done) }
    } catch {
      end(.failed(error))
    }
  }

  private func end(_ state: State) {
    self.state = state
    body = []
    transport.removeConsumer()
    wake()
  }

  private func wake() { if let waiter { transport.loop.resume(waiter) } }

  // MARK: - StreamConsumer

  /// Leaves the bytes in the stream: they belong to the response.
  func received(_ bytes: UnsafeRawBufferPointer) -> Int { 0 }

  func inputChanged() { wake() }

  func outputChanged() {
    advance()
    wake()
  }

  func closed() {
    if isRunning { end(.failed(transport.outputError ?? transport.named(StreamError.aborted, "send to"))) }
  }
}
