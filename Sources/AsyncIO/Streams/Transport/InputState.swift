// SPDX-License-Identifier: Apache-2.0
// What is known of a stream's incoming direction: a value that does no I/O. The transport tells it of events and does
// what it answers; the tests try all orders of events on it.
//
// The operation:
//
//     none ──started──► running ──cancel──► ending ──ended──► none
//                          └────────────────ended────────────► none
//
// It is a receive, which brings bytes, or a poll, which tells of readiness (see InputWay). Cancelled, it may still
// bring something, and its successor starts only after its last completion. `isPaused` says that nobody wants more at
// present.
//
// The end: `open` until the peer has ended, or the own side has, or the connection has failed. The first error stays; a
// proper end of the peer takes the place of our own.

import AsyncIOCore

struct InputState {
  enum End {
    case open
    /// The peer has ended its stream.
    case peers
    /// The own side has: its user by `close`, or its server, which shuts down.
    case own
    case failed(any Error)
  }

  enum Operation: Equatable {
    case none
    case running(OperationID)
    /// Cancelled, and its last completion is still to come.
    case ending(OperationID)
  }

  private(set) var end = End.open
  private(set) var operation = Operation.none
  /// Nobody wants more at present.
  private(set) var isPaused = false
  /// Whether the operation is a poll or a receive.
  var way = InputWay()
  private(set) var reader: WaitID?
  /// How many bytes have to be there before the reader is woken.
  private(set) var readerNeeds = 0
  /// The unread bytes are lent to somebody, and stay until that is over.
  private(set) var isLent = false
  /// Whether something has arrived since the user last wrote.
  var isUnanswered = false
  private(set) var received = 0

  // MARK: - The end

  /// Whether a wait for input would be in vain.
  var isOver: Bool { if case .open = end { false } else { true } }

  /// Whether the end is a proper one.
  var hasEnded: Bool {
    switch end {
    case .peers, .own: true
    case .open, .failed: false
    }
  }

  var error: (any Error)? { if case .failed(let error) = end { error } else { nil } }

  /// Whether the peer can say nothing more that would be worth waiting for.
  var peerIsDone: Bool {
    switch end {
    case .peers, .failed: true
    case .open, .own: false
    }
  }

  mutating func peerEnded() {
    if case .failed = end { return }
    end = .peers
  }

  /// The peer has ended, too, where the own side had before.
  mutating func confirmEnd() { if case .own = end { end = .peers } }

  mutating func endOwn() { if !isOver { end = .own } }

  mutating func fail(_ error: any Error) { if !isOver { end = .failed(error) } }

  /// Takes a proper end back, for a filter to judge. Returns whether there was one.
  mutating func takeEnd() -> Bool {
    guard hasEnded else { return false }
    end = .open
    return true
  }

  // MARK: - The operation

  var hasOperation: Bool { operation != .none }

  func isOperation(_ id: OperationID) -> Bool {
    switch operation {
    case .none: false
    case .running(let own), .ending(let own): own == id
    }
  }

  mutating func started(_ id: OperationID) { operation = .running(id) }

  /// Ends the operation, perhaps for another one. Returns what is to be cancelled.
  mutating func cancel() -> OperationID? {
    guard case .running(let id) = operation else { return nil }
    operation = .ending(id)
    return id
  }

  /// The operation's last completion has come. Returns whether it had been cancelled here.
  mutating func operationEnded() -> Bool {
    var wasEnding = false
    if case .ending = operation { wasEnding = true }
    operation = .none
    way.apply()
    return wasEnding
  }

  enum WayChange: Equatable {
    case none
    /// It comes with the end of this operation.
    case cancels(OperationID)
    case done
  }

  /// Changes whether the stream waits for readiness: at once, or when the operation of the other way has ended.
  mutating func setPolling(_ wanted: Bool) -> WayChange {
    way.isWanted = wanted
    guard way.polls != wanted else { return .none }
    if hasOperation { return cancel().map { .cancels($0) } ?? .none }
    way.apply()
    return .done
  }

  // MARK: - Demand

  /// Nobody reads what is there, so the peer is to wait. Returns what is to be cancelled.
  mutating func pause() -> OperationID? {
    guard !isPaused else { return nil }
    isPaused = true
    return cancel()
  }

  /// The first operation waits for the first reader.
  mutating func beginPaused() { isPaused = true }

  mutating func unpause() { isPaused = false }

  /// Whether a pause is over, now that bytes were taken out or somebody waits for more.
  mutating func mayResume(unread: Int, limit: Int) -> Bool {
    guard isPaused, !isOver, unread <= limit || reader != nil else { return false }
    isPaused = false
    return true
  }

  mutating func wait(_ wait: WaitID, for needed: Int) {
    reader = wait
    readerNeeds = needed
  }

  mutating func readerLeft() { reader = nil }

  mutating func lend() { isLent = true }
  mutating func endLoan() { isLent = false }

  // MARK: - Arrivals

  enum Growth: Equatable {
    case wakes(WaitID)
    /// More than twice the limit is unread.
    case pauses
    case waits
  }

  mutating func count(_ bytes: Int) { received &+= bytes }

  /// Bytes were added to the unread ones.
  func grew(unread: Int, limit: Int) -> Growth {
    guard let reader else { return unread > 2 * limit ? .pauses : .waits }
    return unread >= readerNeeds ? .wakes(reader) : .waits
  }
}

/// Whether a stream's input comes by receives or by polls: see StreamTransport+Pulling.
struct InputWay {
  /// The stream waits for readiness, and its reader receives.
  private(set) var polls = false
  /// It is to, once the operation in flight has ended.
  fileprivate(set) var isWanted = false
  /// Whether a receive is worth a try.
  var mayBeReadable = false

  mutating func beginPolling() { (polls, isWanted) = (true, true) }

  /// No operation is in flight. What the one before has not told may be there.
  fileprivate mutating func apply() {
    guard polls != isWanted else { return }
    polls = isWanted
    mayBeReadable = true
  }
}
