// SPDX-License-Identifier: Apache-2.0
// A socket that is closed with unread input resets the connection, and the kernel then drops what it has not sent
// (tcp_close); so does one that gets more input after it was closed. The reset overtakes what the peer has not read
// yet, or meets its next send: a client that is still asking loses the answer it was given. So a server's connection,
// once closed, ends its output, and goes on receiving until its peer's end; what comes is dropped. RFC 9112, section
// 9.6, asks for it, and other servers call it a lingering close.
//
// Bounded, since a peer may go on for ever: by the time in which nothing came, by the time in all, and by bytes.

import AsyncIOCore

/// The wait of a closed connection for its peer's end, and what is left of its bounds.
struct Lingering {
  /// As much as a client may be in the middle of sending.
  private static var mostBytes: Int { 64 << 20 }
  private static var mostPeriods: Int { 8 }

  /// How much may have been received in the end.
  let bytes: Int
  fileprivate var timer: TimerHandle?
  private var periods = Lingering.mostPeriods
  private var received: Int

  init(at received: Int) {
    bytes = received &+ Self.mostBytes
    self.received = received
  }

  func end() { timer?.cancel() }

  /// Whether to wait for another period, as the peer has sent something in the last one.
  mutating func goesOn(at received: Int) -> Bool {
    defer { self.received = received }
    periods -= 1
    return periods > 0 && received != self.received
  }
}

extension StreamTransport {
  /// For how long nothing may come from the peer of a connection that its server has closed; nil if there is nothing
  /// that the peer could lose. A peer that goes on asking while the server shuts down may have been given answers
  /// before.
  var lingerTimeOfOwner: Duration? {
    guard let ownership, isSocket else { return nil }
    // A filter says its end itself, and whether it waits for the peer's.
    let hasAnswered = filter == nil && (bytesSent > 0 || !output.isEmpty)
    return ownership.isShuttingDown || hasAnswered ? .seconds(1) : nil
  }

  func linger(_ limit: Duration) {
    lingering = Lingering(at: bytesReceived)
    startPeriod(limit)
    startReceiving()
  }

  private func startPeriod(_ limit: Duration) {
    lingering?.timer = loop.callLater(limit) { [weak self] in
      guard let self else { return }
      // A server's answer may take longer to leave; its drain and its limits bound that.
      if filter == nil && (!outputIsIdle || lingering?.goesOn(at: bytesReceived) == true) {
        startPeriod(limit)
      } else {
        endLingering()
      }
    }
  }

  /// Stops waiting for the peer's end.
  func endLingering() {
    guard state.endLingering() else { return }
    lingering.take()?.end()
    cancelReceiving()
    closeIfIdle()
  }

  /// Ends the wait for the peer's end, if nothing else keeps the connection.
  func endIfSaid() -> Bool {
    guard state.phase == .lingering, outputIsIdle else { return false }
    endLingering()
    return true
  }

  /// Whether the connection is closed as far as its user is concerned, and only waits for the peer's end.
  var hasSaidAll: Bool { state.hasSaidAll(pending: !output.isEmpty, hasFilter: filter != nil) }
}
