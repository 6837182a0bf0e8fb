// SPDX-License-Identifier: Apache-2.0
// How many connections a server has, over all of its loops, and who waits for one of them to end.
//
// Who waits. A listener that finds the server full stops accepting and is told when there is room. It may already hold
// a connection: the kernel accepted one before the listener could stop, or another loop took the last place. Then it
// claims a place, and gets the next one that is given back. So a loop with a steady stream of connections can't keep
// another loop's waiting. A listener without a descriptor to accept with waits here too, since a connection that ends
// frees one.
//
// From any thread. A place is taken and given back once a connection, so a mutex is good enough.

import AsyncIOCore
import Synchronization

final class ConnectionSlots: Sendable {
  private struct State {
    var limit: Int
    var open = 0
    /// Listeners that hold a connection without a place, in the order in which they came.
    var claims: [Listener] = []
    /// Listeners that have stopped accepting.
    var paused: [Listener] = []
    var peers: [PeerNetwork: Int] = [:]

    mutating func pause(_ listener: Listener) {
      if !paused.contains(where: { $0 === listener }) { paused.append(listener) }
    }
  }

  enum Room: Equatable {
    case none
    /// So little that a backend that takes several connections at a time could take too many.
    case little
    case plenty
  }

  private let state: Mutex<State>
  let limitPerPeer: Int?
  /// What the listeners could take at once, from their backlogs.
  private let slack: Int

  init(limit: Int, limitPerPeer: Int?, slack: Int) {
    state = Mutex(State(limit: limit))
    self.limitPerPeer = limitPerPeer
    self.slack = slack
  }

  /// Whether to accept. If not, the listener is told by `roomWasMade`.
  func room(for listener: Listener) -> Room {
    state.withLock { state in
      let free = state.limit - state.open
      if free > slack { return .plenty }
      if free > 0 { return .little }
      state.pause(listener)
      return .none
    }
  }

  /// Takes a place for a connection. If all are taken, the listener claims one, and is told by `placeWasGiven`.
  func take(for listener: Listener) -> Bool {
    state.withLock { state in
      if state.open < state.limit {
        state.open += 1
        return true
      }
      if !state.claims.contains(where: { $0 === listener }) { state.claims.append(listener) }
      return false
    }
  }

  /// A connection has ended.
  func give() {
    let (heir, paused) = state.withLock { state -> (Listener?, [Listener]) in
      if state.open <= state.limit, !state.claims.isEmpty { return (state.claims.removeFirst(), []) }
      state.open -= 1
      defer { state.paused = [] }
      return (nil, state.paused)
    }
    // Not within the task that may have closed the connection.
    heir?.onItsLoop { listener in listener.loop.callSoon { listener.placeWasGiven() } }
    for listener in paused { listener.onItsLoop { $0.roomWasMade() } }
  }

  /// Tells the listener when a connection has ended.
  func pause(_ listener: Listener) { state.withLock { $0.pause(listener) } }

  /// A listener is closed, and waits for nothing any more.
  func forget(_ listener: Listener) {
    state.withLock { state in
      state.claims.removeAll { $0 === listener }
      state.paused.removeAll { $0 === listener }
    }
  }

  /// Changes the limit. A listener that waits for a place gets one when the next connection ends.
  var limit: Int {
    get { state.withLock { $0.limit } }
    set { state.withLock { $0.limit = newValue } }
  }

  // MARK: - Peers

  /// Counts a connection of a peer. False if it has too many.
  func admits(_ peer: SocketAddress?) -> Bool {
    guard let limitPerPeer, let peer, let network = PeerNetwork(peer) else { return true }
    return state.withLock { state in
      let count = state.peers[network, default: 0]
      if count >= limitPerPeer { return false }
      state.peers[network] = count + 1
      return true
    }
  }

  /// A connection that was admitted is gone.
  func dismiss(_ peer: SocketAddress?) {
    guard limitPerPeer != nil, let peer, let network = PeerNetwork(peer) else { return }
    state.withLock { state in
      let left = (state.peers[network] ?? 0) - 1
      state.peers[network] = left > 0 ? left : nil
    }
  }
}
