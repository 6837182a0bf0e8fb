// SPDX-License-Identifier: Apache-2.0
// The socket under a stream of the model, as the kernel keeps it, with numbers in place of bytes; and the operations on
// it that are in flight. What the kernel does here are facts that were met in use:
//
// - A reset is told once, to the send or the receive that asks first. A receive that asks later gets what had arrived,
//   and then 0, as at a proper end; a send that asks later gets EPIPE.
// - A receive of io_uring that is in flight when a send takes the reset sleeps on. One that is begun later looks first.
// - An operation that is cancelled may still bring something with its last completion.
// - A poll tells for as long as something is there, once a turn.

@testable import AsyncIO
@testable import AsyncIOCore

struct ModelSocket {
  enum Kind {
    case receive
    case poll
    case send(Int)
    case pollForRoom
  }

  struct Operation {
    let id: OperationID
    let kind: Kind
    var isCancelled = false
    var sleeps = false
    /// A poll has told, and nothing was received since.
    var hasTold = false
  }

  /// What an operation tells.
  enum Result: Equatable {
    case bytes(Int)
    case ready
    case end
    case failure(SystemError.Code)
    case cancelled
  }

  struct Completion {
    let id: OperationID
    let result: Result
    let isLast: Bool
  }

  private(set) var operations: [Operation] = []
  private var lastID: UInt32 = 0

  private(set) var arrived = 0
  private(set) var hasEnd = false
  private(set) var isReset = false
  private var keepsError = false
  var room: Int
  /// What the kernel has taken to send.
  private(set) var taken = 0
  private(set) var ends = 0
  private(set) var isClosed = false

  init(room: Int) { self.room = room }

  // MARK: - The peer

  mutating func peerSends() { if !isReset { arrived += 1 } }
  mutating func peerEnds() { if !isReset { hasEnd = true } }
  mutating func peerReads() { room += 1 }

  mutating func peerResets() {
    isReset = true
    keepsError = true
  }

  // MARK: - Calls

  mutating func begin(_ kind: Kind) -> OperationID {
    lastID += 1
    let id = OperationID(index: lastID, generation: 0)
    operations.append(Operation(id: id, kind: kind))
    return id
  }

  mutating func cancel(_ id: OperationID) {
    if let index = operations.firstIndex(where: { $0.id == id }) { operations[index].isCancelled = true }
  }

  /// Receives what is there: one byte, 0 at the end, or an error; EAGAIN if nothing is.
  mutating func receiveNow() -> Result {
    for index in operations.indices { operations[index].hasTold = false }
    if arrived > 0 {
      arrived -= 1
      return .bytes(1)
    }
    if hasEnd { return .end }
    guard isReset else { return .failure(.tryAgain) }
    if !keepsError { return .end }
    keepsError = false
    return .failure(.connectionReset)
  }

  /// Sends what fits: all, or an error.
  mutating func sendNow(_ count: Int) -> Result {
    if isReset { return .failure(takeErrorForSend()) }
    if room < count { return .failure(.tryAgain) }
    room -= count
    taken += count
    return .bytes(count)
  }

  private mutating func takeErrorForSend() -> SystemError.Code {
    guard keepsError else { return .brokenPipe }
    keepsError = false
    for index in operations.indices { if case .receive = operations[index].kind { operations[index].sleeps = true } }
    return .connectionReset
  }

  mutating func shutDown() { ends += 1 }
  mutating func close() { isClosed = true }

  // MARK: - What the kernel may tell

  var isReadable: Bool { arrived > 0 || hasEnd || isReset }

  /// Completions that may come next.
  var possible: [Completion] { operations.flatMap { possible($0) } }

  private func possible(_ operation: Operation) -> [Completion] {
    var all: [Completion] = []
    func add(_ result: Result, isLast: Bool) {
      all.append(Completion(id: operation.id, result: result, isLast: isLast))
    }
    switch operation.kind {
    case .receive:
      if arrived > 0 {
        add(.bytes(1), isLast: operation.isCancelled)
      } else if hasEnd {
        add(.end, isLast: true)
      } else if isReset, !operation.sleeps {
        add(keepsError ? .failure(.connectionReset) : .end, isLast: true)
      }
    case .poll:
      if isReadable, !operation.hasTold || operation.isCancelled { add(.ready, isLast: operation.isCancelled) }
    case .send(let count):
      if isReset {
        add(.failure(keepsError ? .connectionReset : .brokenPipe), isLast: true)
      } else if room >= count {
        add(.bytes(count), isLast: true)
      }
    case .pollForRoom:
      if room > 0 || isReset, !operation.hasTold { add(.ready, isLast: operation.isCancelled) }
    }
    if operation.isCancelled { add(.cancelled, isLast: true) }
    return all
  }

  /// A completion is told.
  mutating func tell(_ completion: Completion) {
    guard let index = operations.firstIndex(where: { $0.id == completion.id }) else { return }
    switch (operations[index].kind, completion.result) {
    case (.receive, .bytes(let count)): arrived -= count
    case (.receive, .failure): keepsError = false
    case (.send, .bytes(let count)):
      room -= count
      taken += count
    case (.send, .failure): _ = takeErrorForSend()
    default: operations[index].hasTold = true
    }
    if completion.isLast { operations.removeAll { $0.id == completion.id } }
  }
}
