// SPDX-License-Identifier: Apache-2.0
// A stream's life as a value: its two directions, and what the end of one means for the other. It does no I/O.
//
//     open ──close──► closing ─────────────────────────────────► closed
//       └────close──► lingering ──peer's end, limit, error──► closing
//
// `closing` waits for the output to leave and for the operations to end. `lingering` also waits for the peer's end.

import AsyncIOCore

struct StreamState {
  enum Phase {
    case open, closing, lingering, closed
  }

  private(set) var phase = Phase.open
  var input = InputState()
  var output = OutputState()

  // MARK: - Receiving

  /// Whether what comes is of use to anybody: the user, or the filter that waits for its peer's end.
  var takesInput: Bool { phase == .open && !input.isOver || phase == .lingering }

  /// Whether more is to be received.
  var wantsMore: Bool { !input.isPaused && takesInput }

  /// Whether receiving goes on that was paused.
  mutating func mayResume(unread: Int, limit: Int) -> Bool {
    phase == .open && input.mayResume(unread: unread, limit: limit)
  }

  /// Whether input that nobody waits for is taken in.
  var takesUnasked: Bool { phase == .open && !input.isOver }

  /// What an operation has told.
  enum Tidings {
    /// Bytes, or that there are some.
    case input
    case end
    case failure
    case cancelled
  }

  enum Following {
    case nothing
    case receive
    /// Nobody here has cancelled it: the loop ends.
    case abort
    case endLingering
  }

  /// What follows a completion, after what it has brought was taken in.
  ///
  /// - Parameter wasEnding: What `operationEnded` has returned; false if this isn't its last completion.
  func following(_ tidings: Tidings, isLast: Bool, wasEnding: Bool) -> Following {
    switch tidings {
    // One that was being cancelled may still bring something. Then this was its last word, and the next one starts now.
    case .input: isLast && wantsMore ? .receive : .nothing
    case .end, .failure: .nothing
    case .cancelled where wasEnding: wantsMore ? .receive : .nothing
    case .cancelled: phase == .open ? .abort : .endLingering
    }
  }

  /// Whether the receive in flight may sleep through a reset that a send has met. A new one looks before it sleeps.
  /// Returns what is to be cancelled. A poll always says that the socket has hung up.
  mutating func receiveAnew() -> OperationID? {
    guard takesUnasked, !input.way.polls else { return nil }
    return input.cancel()
  }

  // MARK: - Losses

  /// Whether a receive that gives 0 may mean a loss, and not the peer's own end: only a send that has failed or is
  /// under way can have taken the news of it.
  @inline(__always)
  func endIsDoubtful(pending: Bool) -> Bool { output.error != nil || !output.isIdle(pending: pending) }

  /// What a receive that gives 0 means, if that is a loss.
  ///
  /// - Parameter hasEnded: Whether the peer's FIN has come behind all that was received; nil if nobody can tell.
  func lossBehindEnd(hasEnded: Bool?) -> SystemError.Code? {
    let known = (output.error as? SystemError)?.code
    if let known, known.isLoss { return hasEnded == true ? nil : known }
    return hasEnded == false ? .connectionReset : nil
  }

  /// Whether a failed send is to be told only after what the peer has said before.
  ///
  /// - Parameter hasFilter: What the peer says may explain the failure: an alert of TLS.
  func keepsFailure(_ code: SystemError.Code, hasFilter: Bool) -> Bool {
    guard hasFilter, output.error == nil, output.keptFailure == nil, !input.isPaused else { return false }
    guard takesInput else { return false }
    return code == .connectionReset || code == .brokenPipe
  }

  // MARK: - Closing

  var isOpen: Bool { phase == .open }
  /// Closed for its user, and not yet altogether.
  var isClosing: Bool { phase == .closing || phase == .lingering }

  /// The user has closed the stream. Returns whether it lingers, and so goes on receiving.
  ///
  /// - Parameter canLinger: Whether this side has a reason to. The stream doesn't linger all the same if the peer has
  ///   ended or nothing can be sent.
  mutating func close(canLinger: Bool) -> Bool {
    let lingers = canLinger && !input.peerIsDone && output.error == nil
    phase = lingers ? .lingering : .closing
    if lingers { input.unpause() }
    return lingers
  }

  /// The stream is given up: nothing more is received or sent. Returns whether it was open.
  mutating func abort() -> Bool {
    defer { if phase == .open { phase = .closing } }
    return phase == .open
  }

  /// Waits no longer for the peer's end. Returns whether it did.
  mutating func endLingering() -> Bool {
    guard phase == .lingering else { return false }
    phase = .closing
    return true
  }

  /// Whether the connection is closed as far as its user is concerned, and only waits for the peer's end.
  func hasSaidAll(pending: Bool, hasFilter: Bool) -> Bool {
    phase == .lingering && !hasFilter && output.isIdle(pending: pending)
  }

  /// Closes for good, if nothing is in flight any more. Returns whether it did.
  mutating func finish(pending: Bool) -> Bool {
    guard phase == .closing, output.isIdle(pending: pending), !input.hasOperation else { return false }
    phase = .closed
    return true
  }
}

extension SystemError.Code {
  /// Whether it is said of a connection once, and then is over.
  var isLoss: Bool {
    switch self {
    case .connectionReset, .timedOut, .connectionAborted, .hostUnreachable, .networkUnreachable: true
    default: false
    }
  }
}
