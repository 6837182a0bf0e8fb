// SPDX-License-Identifier: Apache-2.0
// What is known of a stream's outgoing direction: a value that does no I/O, as InputState. It counts what has left and
// knows what is in flight; the bytes themselves are StreamOutput's.
//
// The operation is a send, or a poll for room in the socket while somebody holds the output (a file that is being
// sent). The first error stays, and nothing leaves after it.

import AsyncIOCore

struct OutputState {
  enum Operation: Equatable {
    case none
    case sending(OperationID)
    case polling(OperationID)
  }

  private(set) var operation = Operation.none
  private(set) var error: (any Error)?
  /// Everything had left when a receive learned that the connection is lost.
  private(set) var lostNothing = false
  /// A send has failed with it, and what the peer has said before that is still to be read: StreamTransport+Filtering.
  private(set) var keptFailure: SystemError?
  /// The user says no more.
  private(set) var hasEnd = false
  /// Somebody sends past the buffer: what is written meanwhile comes after it.
  private(set) var isHeld = false
  private(set) var sent = 0

  // MARK: - The operation

  var hasOperation: Bool { operation != .none }
  var polls: Bool { if case .polling = operation { true } else { false } }

  func isOperation(_ id: OperationID) -> Bool { operationID == id }

  var operationID: OperationID? {
    switch operation {
    case .none: nil
    case .sending(let id), .polling(let id): id
    }
  }

  mutating func startedSending(_ id: OperationID) { operation = .sending(id) }
  mutating func startedPolling(_ id: OperationID) { operation = .polling(id) }
  mutating func operationEnded() { operation = .none }

  /// Whether the next block may be given to the kernel.
  var maySend: Bool { !hasOperation && !isHeld }

  /// Whether nothing is on its way, so that bytes may leave at once.
  func isIdle(pending: Bool) -> Bool { !pending && maySend }

  mutating func count(_ bytes: Int) { sent &+= bytes }

  // MARK: - Held by somebody

  enum Release {
    /// Nothing: the stream is closed, or a poll will say when to go on.
    case nothing
    case sends
    /// All has left: who waits may go on, and an end that was asked for meanwhile is said.
    case idle(shutsDown: Bool)
  }

  mutating func hold() { isHeld = true }

  mutating func release(isClosed: Bool, pending: Bool) -> Release {
    isHeld = false
    if isClosed || polls { return .nothing }
    return pending ? .sends : .idle(shutsDown: hasEnd)
  }

  // MARK: - The end

  /// Notes the end of the output. Returns whether that is news.
  mutating func end() -> Bool {
    defer { hasEnd = true }
    return !hasEnd
  }

  /// Whether bytes are dropped instead of sent.
  var drops: Bool { error != nil || keptFailure != nil }

  mutating func fail(_ reason: any Error) { if error == nil { error = reason } }

  /// Keeps why a send has failed until the peer's own reason was read.
  mutating func keep(_ failure: SystemError) { keptFailure = failure }

  mutating func takeKeptFailure() -> SystemError? { keptFailure.take() }

  /// A receive has learned that the connection is lost. Returns whether that is news to the output.
  mutating func learnsLoss(pending: Bool) -> Bool {
    guard error == nil else { return false }
    lostNothing = isIdle(pending: pending)
    return true
  }
}
