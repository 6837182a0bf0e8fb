// SPDX-License-Identifier: Apache-2.0
// The connections of a listener: their ends, the sweep that finds those without progress, and what is known of them.

import AsyncIOCore

extension Listener {
  /// Connections that one turn looks at: a hundred thousand of them would keep the loop for tens of milliseconds.
  private static var connectionsAStep: Int { 4096 }

  // MARK: - Ends

  func connectionClosed(_ transport: StreamTransport, at place: Int32) {
    counts.bytesReceived += transport.bytesReceived
    counts.bytesSent += transport.bytesSent
    connections.connectionClosed(at: place)
    slots.dismiss(transport.peer)
    slots.give()
    finishIfOver()
  }

  func handlerEnded(at place: Int32) {
    connections.handlerEnded(at: place)
    if isClosed { finishIfOver() }
  }

  /// Calls the body for every connection that is not closed, with its place; it may close them.
  func forEachConnection(_ body: (StreamTransport, Int) -> Void) {
    for place in connections.places where place < connections.places.count {
      if let transport = connections[place].transport { body(transport, place) }
    }
  }

  func abortClients() { forEachConnection { cutOff($0, at: $1, .aborted) } }

  /// Resets a connection for a reason of the server's.
  func cutOff(_ transport: StreamTransport, at place: Int, _ error: StreamError) {
    connections.cutsOff(place)
    transport.abort(with: error)
  }

  func closeClients() {
    forEachConnection { transport, place in
      if !transport.isClosing { connections.closes(place) }
      transport.close()
    }
  }

  // MARK: - Progress

  /// One timer for all connections, while there are some.
  func startSweeping() {
    guard let rule, sweep == nil else { return }
    let begin = loop.time.nanoseconds
    sweep = loop.callLater(.nanoseconds(rule.period)) {
      self.sweepConnections(from: 0, passed: min(2 * rule.period, self.loop.time.nanoseconds - begin), rule)
    }
  }

  private func sweepConnections(from first: Int, passed: Int64, _ rule: ProgressRule) {
    let end = min(first + Self.connectionsAStep, connections.places.count)
    for place in first..<max(first, end) where place < connections.places.count {
      guard connections.isStuck(place, passed: passed, rule: rule), let transport = connections[place].transport else {
        continue
      }
      counts.cutOff += 1
      cutOff(transport, at: place, .noProgress(peer: transport.peer, time: .nanoseconds(rule.time)))
    }
    if end < connections.places.count {
      loop.callSoon { self.sweepConnections(from: end, passed: passed, rule) }
    } else {
      sweep = nil
      if connections.openCount > 0 { startSweeping() }
    }
  }

  // MARK: - Reports

  var statistics: ServerStatistics {
    var sum = ServerStatistics(counts, open: connections.openCount)
    forEachConnection { transport, _ in
      sum.bytesReceived += transport.bytesReceived
      sum.bytesSent += transport.bytesSent
    }
    return sum
  }

  var connectionList: [ServerConnection] {
    let now = loop.time.nanoseconds
    return connections.places.compactMap { place in
      let entry = connections[place]
      guard let transport = entry.transport else { return nil }
      return ServerConnection(
        peer: transport.peer, age: .nanoseconds(now - entry.since), task: entry.task,
        waitsFor: entry.task?.waitsFor ?? (transport.isClosing ? "close" : nil),
        bytesReceived: transport.bytesReceived, bytesSent: transport.bytesSent)
    }
  }

  // MARK: - Waiting

  nonisolated(nonsending) func waitClosed() async throws {
    if loop.isCurrent(for: #isolation) { return try await waitClosedHere() }
    // A loop that has ended has closed its connections, and nobody runs on it who could tell.
    if loop.isClosed { return }
    try await loop.anchor.run { if !self.loop.isClosed { try await self.waitClosedHere() } }
  }

  private nonisolated(nonsending) func waitClosedHere() async throws {
    if isOver { return }
    let wait = loop.beginWait(WaitReason("serve", on: self))
    let place = closers.join(wait)
    if await loop.wait(wait) == .cancelled {
      closers.leave(place)
      throw CancellationError()
    }
  }
}
