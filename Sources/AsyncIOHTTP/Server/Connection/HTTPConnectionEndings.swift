// SPDX-License-Identifier: Apache-2.0
// Who wants to know that the client has ended its stream, or that the server shuts down, while a handler is at work:
// event streams, and handlers that wait for the shutdown. Made when the first asks; most exchanges need none.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore

final class HTTPConnectionEndings: WaitObject {
  /// The code of an event stream, which ends with its reader and with the server.
  @exclusivity(unchecked) var scope: CancelScope?
  /// How long an event stream says nothing before a comment keeps it alive; `.max` for ever.
  @exclusivity(unchecked) var keepAlive = Int64.max
  /// When the event stream said something last.
  @exclusivity(unchecked) var lastWrite: Int64 = 0
  @exclusivity(unchecked) private var waits = WaitList<WaitID>()
  private let loop: EventLoop

  init(_ loop: EventLoop) { self.loop = loop }

  var waitDescription: String { "the server" }

  func clientHasEnded() { scope?.cancel("the client has ended its stream") }

  func serverShutsDown() {
    scope?.cancel("the server shuts down")
    for wait in waits.takeAll() { loop.resume(wait) }
  }

  nonisolated(nonsending) func waitForShutdown() async throws {
    let wait = loop.beginWait(WaitReason("wait for the shutdown of", on: self))
    let place = waits.join(wait)
    if await loop.wait(wait) == .cancelled {
      waits.leave(place)
      throw CancellationError()
    }
  }
}

extension HTTP1ServerConnection {
  /// The object to note an interest in.
  func makeEndings() -> HTTPConnectionEndings {
    if let endings { return endings }
    let new = HTTPConnectionEndings(transport.loop)
    endings = new
    return new
  }

  /// Begins an event stream: its code ends with its reader and with the server.
  func beginEvents(_ number: Int, _ scope: CancelScope, keepAlive: Duration?) throws {
    try expectExchange(number)
    let endings = makeEndings()
    endings.scope = scope
    endings.keepAlive = keepAlive?.clampedNanoseconds ?? .max
    endings.lastWrite = transport.loop.time.nanoseconds
    if transport.isServerShuttingDown { scope.cancel("the server shuts down") }
    if transport.inputIsOver { scope.cancel("the client has ended its stream") }
  }

  func endEvents() {
    endings?.scope = nil
    endings?.keepAlive = .max
  }

  /// Says something on an event stream that has been silent for long, so that proxies keep it and a client that has
  /// gone is noticed.
  func keepEventsAlive(at now: Int64) {
    guard let endings, now - endings.lastWrite >= endings.keepAlive, answer == .streaming else { return }
    guard transport.pendingOutput == 0 else { return }
    endings.lastWrite = now
    _ = try? [UInt8](":\n\n".utf8).withUnsafeBytes { try sendPiece(number, $0) }
  }

  nonisolated(nonsending) func waitForShutdown(_ number: Int) async throws {
    try expectExchange(number)
    if !transport.isServerShuttingDown { try await makeEndings().waitForShutdown() }
  }
}
