// SPDX-License-Identifier: Apache-2.0
// Time limits. A connection notes what it waits for and until when, which is a store; the loop's sweep looks at all of
// them. A limit that is hit ends the connection's input with a note, so that its task wakes and does the rest.

import AsyncIO
import AsyncIOCore

extension HTTP1ServerConnection {
  /// The connection is about to wait for a head, or the rest of one.
  @inline(__always)
  func startHeadTime() {
    let now = transport.loop.time.nanoseconds
    if parser.isIdle {
      phase = .idle
      // A new connection has the time of a head to begin.
      deadline = later(now, number == 0 ? server.headTime : server.idleTime)
    } else if phase != .head {
      phase = .head
      deadline = later(now, server.headTime)
    }
  }

  @inline(__always)
  private func later(_ now: Int64, _ time: Int64) -> Int64 {
    let (sum, overflow) = now.addingReportingOverflow(time)
    return overflow ? .max : sum
  }

  /// Looks whether a limit is hit.
  ///
  /// - Parameter passed: Nanoseconds since the last look.
  func look(at now: Int64, passed: Int64) {
    switch phase {
    case .idle:
      guard now >= deadline, transport.waitsToReceive else { return }
      server.counts.closedIdle += 1
      expire(0)
    case .head:
      if now >= deadline && transport.waitsToReceive { expire(408) }
    case .handling, .closing:
      // An upgraded connection has its own rules.
      if answer == .switched && phase == .handling { return }
      keepEventsAlive(at: now)
      guard let rule = server.rule else { return }
      if outputMark.isStuck(
        waits: transport.waitsToSend, moved: transport.bytesSent,
        acknowledged: transport.waitsToSend ? transport.acknowledgedBytes : nil, passed: passed, rule: rule)
      {
        server.counts.tooSlow += 1
        keepsAlive = false
        return transport.abort(with: HTTPServerError(.clientTooSlow, requestName))
      }
      if inputMark.isStuck(
        waits: phase == .handling && transport.waitsToReceive, moved: transport.bytesReceived,
        acknowledged: nil, passed: passed, rule: rule)
      {
        expire(408)
      }
    }
  }

  private func expire(_ status: Int) {
    expiry = status
    transport.endOwnInput()
  }
}
