// SPDX-License-Identifier: Apache-2.0
// What a server wants to know of a connection that it has accepted, and to decide. The transport asks through this, and
// knows nothing of servers; what a server keeps of each connection stands in the server's own table.
//
// A connection is idle if its peer has had the last answer: nothing has arrived since the user last wrote, and nothing
// is unread. That is a keep-alive connection between two requests, whatever the protocol.

import AsyncIOCore

/// The owner of connections that the program did not open. Called on the loop's thread, with the place that it has
/// given the connection.
package protocol TransportOwner: AnyObject {
  /// Whether an idle connection may end now.
  ///
  /// - Parameter hasReceived: Whether its peer has ever said something.
  func idleMayEnd(at place: Int32, hasReceived: Bool) -> Bool

  /// The connection's descriptor is closed.
  func connectionClosed(_ transport: StreamTransport, at place: Int32)
}

/// Who owns a connection, and under which number.
package struct Ownership {
  package let owner: any TransportOwner
  package let place: Int32
  /// The owner sets it when connections are to end. A reader that waits on an idle one finds the end of the stream
  /// then, and a closed one waits for its peer's end. Here, since every read that waits looks at it: asking the owner
  /// would retain it.
  package var isShuttingDown: Bool
}

/// A service that has a connection's handler at work, and no task that waits for the connection. Called on the loop's
/// thread.
package protocol TransportWatcher: AnyObject {
  /// Nothing more will come: the peer has ended its stream, the connection was lost, or its own side has ended it.
  func inputEnded()

  /// The server of the connection has begun to shut down.
  func serverShutsDown()
}

extension StreamTransport {
  /// Whether this is a connection of a server that shuts down.
  package var isServerShuttingDown: Bool { ownership?.isShuttingDown == true }

  /// Whether a task waits for input.
  package var waitsToReceive: Bool { reader != nil }

  /// Notes that the peer has asked something whose answer is still to come, although something was written since it
  /// asked. A shutdown then lets it go on.
  package func owesAnswer() { state.input.isUnanswered = true }

  /// Whether what the user does now is up to the peer.
  var waitsForPeer: Bool { reader != nil || !writers.isEmpty || state.isClosing }

  /// Whether that is to take what was written.
  package var waitsToSend: Bool { !writers.isEmpty || state.isClosing }

  /// What the peer's system has of what was sent; only differences mean something.
  package var acknowledgedBytes: Int { loop.sockets.acknowledgedBytes(of: number) }

  /// Ends the input of an idle connection, if its owner allows it.
  func endIfIdle() {
    guard state.takesUnasked, input.isEmpty, !(polls && state.input.way.mayBeReadable) else { return }
    guard !state.input.isUnanswered, !filterIsBehind, let ownership else { return }
    guard ownership.owner.idleMayEnd(at: ownership.place, hasReceived: bytesReceived > 0) else { return }
    endOwnInput()
  }

  /// Says that no more output will come, behind what is still to leave.
  func endOutput() {
    if state.output.end() && outputIsIdle { shutDown() }
  }

  /// Whether this is what the connection itself has failed with, since its peer has gone.
  func wasLost(by error: any Error) -> Bool {
    if let error = error as? any PeerDeparture { return error.isPeerDeparture }
    guard let error = error as? SystemError else { return false }
    let isGone = error.code == .connectionReset || error.code == .brokenPipe || error.code == .timedOut
    return isGone && ((inputError as? SystemError) == error || (outputError as? SystemError) == error)
  }
}

/// An error of a filter that may mean no more than that the peer has gone.
package protocol PeerDeparture: Error {
  var isPeerDeparture: Bool { get }
}
