// SPDX-License-Identifier: Apache-2.0
// A socket that is closed with unread input resets the connection, and the kernel then drops what it has not sent
// (tcp_close); so does one that gets more input after it was closed. The reset overtakes what the peer has not read yet,
// or meets its next send: a client that is still asking loses the answer it was given. So a server's connection, once
// closed, ends its output, and goes on receiving until its peer's end; what comes is dropped. RFC 9112, section 9.6,
// asks for it, and other servers call it a lingering close.
//
// Bounded, since a peer may go on for ever: by the time in which nothing came, by the time in all, and by bytes.

import AsyncIOCore

/// What is left of the time and bytes that a closed connection waits for its peer's end.
struct LingerLimits {
  /// As much as a client may be in the middle of sending.
  private static var mostBytes: Int { 64 << 20 }
  private static var mostPeriods: Int { 8 }

  /// How much may have been received in the end.
  private(set) var bytes = 0
  private var periods = 0
  private var received = 0

  mutating func begin(at received: Int) {
    bytes = received &+ Self.mostBytes
    periods = Self.mostPeriods
    self.received = received
  }

  /// Whether to wait for another period, as the peer has sent something in the last one.
  mutating func goesOn(at received: Int) -> Bool {
    defer { self.received = received }
    periods -= 1
    return periods > 0 && received != self.received
  }
}

extension StreamTransport {
  /// For how long nothing may come from the peer of a connection that its server has closed; nil if there is nothing
  /// that the peer could lose. A peer that goes on asking while the server shuts down may have been given answers before.
  var lingerTimeOfOwner: Duration? {
    guard let ownership, isSocket else { return nil }
    // A filter says its end itself, and whether it waits for the peer's.
    let hasAnswered = filter == nil && (bytesSent > 0 || !output.isEmpty)
    return ownership.owner.isShuttingDown || hasAnswered ? .seconds(1) : nil
  }

  func linger(_ limit: Duration) {
    receivingIsPaused = false
    lingerLimits.begin(at: bytesReceived)
    startLingering(limit)
    startReceiving()
  }

  private func startLingering(_ limit: Duration) {
    lingering = loop.callLater(limit) { [weak self] in
      guard let self else { return }
      // A server's answer may take longer to leave; its drain and its limits bound that.
      if filter == nil && (!outputIsIdle || lingerLimits.goesOn(at: bytesReceived)) {
        startLingering(limit)
      } else {
        endLingering()
      }
    }
  }

  /// Stops waiting for the peer's end.
  func endLingering() {
    guard let timer = lingering.take() else { return }
    timer.cancel()
    if let receiving { loop.cancel(receiving) }
    closeIfIdle()
  }

  /// Ends the wait for the peer's end, if nothing else keeps the connection.
  func endIfSaid() -> Bool {
    guard state == .closing, lingering != nil, outputIsIdle else { return false }
    endLingering()
    return true
  }

  /// Whether the connection is closed as far as its user is concerned, and only waits for the peer's end.
  var hasSaidAll: Bool { state == .closing && lingering != nil && filter == nil && outputIsIdle }
}
