// SPDX-License-Identifier: Apache-2.0
// What a server wants to know of its connections, and does to them when it shuts down.
//
// A connection is idle if its peer has had the last answer: nothing has arrived since the user last wrote, and nothing
// is unread. That is a keep-alive connection between two requests, whatever the protocol. While the server shuts down,
// who reads from an idle connection finds the end of the stream, as if the peer had ended it: a handler that serves one
// request after the other then returns by itself. A request that has begun to arrive is not idle, and is served.

import AsyncIOCore

extension StreamTransport {
  /// Whether what the handler does now is up to the peer.
  var waitsForPeer: Bool { reader != nil || !writers.isEmpty || state == .closing || isPreparing }

  /// Whether that is to take what was written.
  var waitsToSend: Bool { !writers.isEmpty || state == .closing }

  /// What the peer's system has of what was sent; only differences mean something.
  var acknowledgedBytes: Int { loop.backend.acknowledgedBytes(of: number) }

  /// The input is over if the peer has had its answer. A peer that has not asked yet has a moment to do so: a request
  /// follows its connection.
  func endIfIdle() -> Bool {
    guard state == .open, !inputIsOver, input.isEmpty, !(pulling.isOn && pulling.mayBeReadable) else { return false }
    guard !wasSpokenTo, !isPreparing, !filterIsBehind else { return false }
    guard bytesReceived > 0 || listener?.endsNewcomers == true else { return false }
    reachedEnd = true
    endIsOurs = true
    wakeReader()
    return true
  }

  /// Says that no more output will come, behind what is still to leave.
  func endOutput() {
    guard !wroteEnd else { return }
    wroteEnd = true
    if outputIsIdle { shutDown() }
  }

  /// Closes the connection for a reason of the server's.
  func closeForServer() {
    wasClosedByServer = state == .open
    close()
  }

  /// Whether an error of the handler's comes from that: it reads or writes on.
  func wasEndedByServer(in error: any Error) -> Bool {
    wasClosedByServer && (error is StreamError || error is IncompleteReadError)
  }

  /// Resets the connection for a reason of the server's.
  func cutOff(_ error: StreamError) {
    wasCutOff = true
    abort(with: error)
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
