// SPDX-License-Identifier: Apache-2.0
// A body that is too large to leave with its head: it goes out piece by piece as the connection has room, whatever comes
// in meanwhile. A server may answer before it has read all: with 100 Continue, with an answer that it streams while it
// reads, or with a refusal. So the task that waits for the response waits here for both directions, and no task
// is needed for the upload itself: the transport says when output has left.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore

final class Upload: StreamConsumer {
  enum State {
    case running
    /// All bytes are the kernel's.
    case done
    /// The server has answered that it wants no more.
    case stopped
    /// The connection broke.
    case failed(any Error)
  }

  private let transport: StreamTransport
  @exclusivity(unchecked) private var body: [UInt8]
  /// How much of the body the transport was given.
  @exclusivity(unchecked) private var given = 0
  @exclusivity(unchecked) private(set) var state = State.running
  @exclusivity(unchecked) private var waiter: WaitID?

  /// What is written at a time, which is also what has to leave within the idle time limit; and how often in a row before
  /// others have their turn.
  private static let piece = 64 * 1024
  private static let piecesInARow = 16
  /// The next piece follows when no more than this is waiting to leave.
  private static let lowWater = 16 * 1024

  /// Begins to send.
  init(_ body: [UInt8], on transport: StreamTransport) throws {
    self.body = body
    self.transport = transport
    try transport.install(self)
    advance()
  }

  var isRunning: Bool { if case .running = state { true } else { false } }

  /// Sends no more.
  func stop() { if isRunning { end(.stopped) } }

  /// Waits until something has come, or left, or can't; `DeadlinePassed` at a time of the loop's clock.
  nonisolated(nonsending) func waitForMovement(until deadline: Int64) async throws {
    guard waiter == nil else { throw StreamError.concurrentRead }
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

  /// What comes is the response's, and stays in the stream.
  func received(_ bytes: UnsafeRawBufferPointer) -> Int { 0 }

  func inputChanged() { wake() }

  func outputChanged() {
    advance()
    wake()
  }

  func closed() { if isRunning { end(.failed(transport.outputError ?? StreamError.aborted)) } }
}
