// SPDX-License-Identifier: Apache-2.0
// A shutdown accepts no new connections. Idle ones end, now or when they become idle (TransportOwner). What is left at
// the deadline is reset, and its handlers are cancelled. So a shutdown takes no longer than it was given, whatever the
// peers do.
//
// A handler that goes on after its connection has closed is waited for like an open connection, and cancelled like one.
// Once cancelled it is not waited for: a handler that ignores cancellation would keep the shutdown for ever.

import AsyncIOCore

/// The state of a listener's shutdown.
struct Drain {
  /// Connections that were open when it began.
  var open = 0
  var aborted = 0
  var timer: TimerHandle?
  var newcomers: TimerHandle?
  var waits = WaitList<WaitID>()

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
      drain.open = connections.openCount
      close()
      advance(to: .draining)
      forEachConnection { transport, _ in
        transport.ownership?.isShuttingDown = true
        transport.watcher?.serverShutsDown()
      }
      endIdleConnections()
      if connections.openCount > 0 {
        drain.newcomers = loop.callLater(Self.newcomersTime) {
          self.advance(to: .drainingAll)
          self.endIdleConnections()
        }
      }
    }
    guard !isDrained, phase != .resetting else { return }
    let deadline = loop.time.advanced(by: time)
    if let timer = drain.timer, timer.when <= deadline { return }
    drain.timer?.cancel()
    drain.timer = nil
    if time <= .zero { return abortRest() }
    drain.timer = loop.callAt(deadline) { self.abortRest() }
  }

  /// Whether nothing is left that the shutdown waits for.
  private var isDrained: Bool {
    connections.openCount == 0 && (phase == .resetting || connections.handlerCount == 0)
  }

  /// A connection or a handler has ended.
  func tellIfDrained() {
    guard isDrained else { return }
    drain.end()
    for wait in drain.waits.takeAll() { loop.resume(wait) }
  }

  private func endIdleConnections() {
    forEachConnection { if connections[$1].waitsForPeer { $0.endIfIdle() } }
  }

  /// A peer that has not asked yet has a moment to do so: a request follows its connection.
  func idleMayEnd(at place: Int32, hasReceived: Bool) -> Bool {
    !connections[Int(place)].isPreparing && (hasReceived || hasReached(.drainingAll))
  }

  /// The time is over, or nobody wants to wait any longer.
  func abortRest() {
    guard phase != .resetting else { return }
    advance(to: .resetting)
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
    if isDrained && !isAccepting { return true }
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
