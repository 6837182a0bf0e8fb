// SPDX-License-Identifier: Apache-2.0
// A shutdown: no new connections; those that are idle end, now or when they become idle (TransportOwner);
// what is left at the deadline is reset and its handlers cancelled. So it takes no longer than it was given, whatever the
// peers do. Handlers that go on after their connection has closed are waited for like open connections, and cancelled
// like them; but once they are cancelled nobody waits for them here: one that ignores it would keep the shutdown for ever.

import AsyncIOCore

/// The state of a listener's shutdown.
struct Drain {
  /// Connections that were open when it began.
  var open = 0
  var aborted = 0
  var timer: TimerHandle?
  var newcomers: TimerHandle?
  var isOutOfTime = false
  var waits = WaitList<WaitID>()

  func isOver(_ connections: ConnectionTable) -> Bool {
    connections.openCount == 0 && (isOutOfTime || connections.handlerCount == 0)
  }

  mutating func connectionsChanged(_ connections: ConnectionTable, _ loop: EventLoop) {
    guard isOver(connections) else { return }
    end()
    for wait in waits.takeAll() { loop.resume(wait) }
  }

  mutating func end() {
    timer.take()?.cancel()
    newcomers.take()?.cancel()
  }
}

extension Listener {
  /// For how long a peer that has connected may take until it asks.
  private static var newcomersTime: Duration { .seconds(1) }

  /// Begins the shutdown; the earliest deadline counts.
  func beginShutdown(within time: Duration) {
    if !isShuttingDown {
      isShuttingDown = true
      drain.open = connections.openCount
      close()
      endIdleConnections()
      if connections.openCount > 0 {
        drain.newcomers = loop.callLater(Self.newcomersTime) {
          self.endsNewcomers = true
          self.endIdleConnections()
        }
      }
    }
    guard !drain.isOver(connections), !drain.isOutOfTime else { return }
    let deadline = loop.time.advanced(by: time)
    if let timer = drain.timer, timer.when <= deadline { return }
    drain.timer?.cancel()
    drain.timer = nil
    if time <= .zero { return abortRest() }
    drain.timer = loop.callAt(deadline) { self.abortRest() }
  }

  private func endIdleConnections() {
    forEachConnection { if connections[$1].waitsForPeer { $0.endIfIdle() } }
  }

  /// A peer that has not asked yet has a moment to do so: a request follows its connection.
  func idleMayEnd(at place: Int32, hasReceived: Bool) -> Bool {
    !connections[Int(place)].isPreparing && (hasReceived || endsNewcomers)
  }

  /// The time is over, or nobody wants to wait any longer.
  func abortRest() {
    guard !drain.isOutOfTime else { return }
    drain.isOutOfTime = true
    for place in connections.places where place < connections.places.count {
      let entry = connections[place]
      entry.task?.cancel("the server shuts down")
      if let transport = entry.transport {
        // All has been said, only the peer hasn't closed yet.
        if transport.endIfSaid() { continue }
        drain.aborted += 1
        cutOff(transport, at: place, .aborted)
      }
    }
    finishIfOver()
  }

  /// Waits for the end of the shutdown.
  ///
  /// - Returns: False if the task was cancelled before.
  nonisolated(nonsending) func waitDrained(isShielded: Bool) async -> Bool {
    if loop.isCurrent(for: #isolation) { return await waitDrainedHere(isShielded: isShielded) }
    if loop.isClosed { return true }
    return await loop.anchor.run {
      if self.loop.isClosed { return true }
      return await self.waitDrainedHere(isShielded: isShielded)
    }
  }

  private nonisolated(nonsending) func waitDrainedHere(isShielded: Bool) async -> Bool {
    if drain.isOver(connections) && !isAccepting { return true }
    let wait = loop.beginWait(WaitReason("shut down", on: self))
    let place = drain.waits.join(wait)
    if isShielded {
      await loop.waitUninterrupted(wait)
    } else if await loop.wait(wait) == .cancelled {
      drain.waits.leave(place)
      return false
    }
    return true
  }

  nonisolated(nonsending) func shutdownSummary() async -> ShutdownSummary {
    if loop.isClosed { return ShutdownSummary() }
    return await loop.anchor.run {
      ShutdownSummary(drained: self.drain.open - self.drain.aborted, aborted: self.drain.aborted)
    }
  }
}
