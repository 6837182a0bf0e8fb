// SPDX-License-Identifier: Apache-2.0
// A connected socket with its buffers: what StreamReader and StreamWriter share. It takes the completions of its
// operations, and wakes the tasks that wait for them.
//
// Receiving runs by itself from the start, and stops while more than twice the limit is unread; so a read whose bytes
// are there does not suspend. A write tries to leave at once and keeps only what did not fit.
//
// Everything here belongs to the loop's thread; the public types see to that. The descriptor is closed when nothing is
// in flight on it any more, whatever order close, errors and completions come in.

package import AsyncIOCore

package final class StreamTransport: OperationSink, WaitObject {
  private enum State {
    case open
    /// Waits for its output to leave, then for its operations to end.
    case closing
    case closed
  }

  package let loop: EventLoop
  let limit: Int
  @exclusivity(unchecked) private var descriptor: Descriptor?
  @exclusivity(unchecked) private var state = State.open

  @exclusivity(unchecked) var input: StreamInput
  /// Why nothing more will arrive. Nil and `reachedEnd` is a proper end.
  @exclusivity(unchecked) package private(set) var inputError: (any Error)?
  @exclusivity(unchecked) private(set) var reachedEnd = false
  @exclusivity(unchecked) private var receiving: OperationID?
  /// Nobody wants more at present.
  @exclusivity(unchecked) private var receivingIsPaused = false
  /// The receive was cancelled for that; its last completion is still to come, and somebody may want more by then.
  @exclusivity(unchecked) private var receivingIsEnding = false
  @exclusivity(unchecked) private var reader: ParkID?
  /// How much has to be there before the reader is woken.
  @exclusivity(unchecked) private var readerNeeds = 0

  @exclusivity(unchecked) private var output: StreamOutput
  @exclusivity(unchecked) private var outputError: (any Error)?
  @exclusivity(unchecked) private var wroteEnd = false
  @exclusivity(unchecked) private var sending: OperationID?
  @exclusivity(unchecked) private var writers: [ParkID] = []
  @exclusivity(unchecked) private var closers: [ParkID] = []

  @exclusivity(unchecked) private var knownPeer: SocketAddress?
  @exclusivity(unchecked) var onClose: (() -> Void)?

  /// What a write may have to be handed over with the turn's other operations; copying more costs more than its own
  /// system call.
  private static let largestBatched = 16 * 1024
  static let highWater = 64 * 1024
  static let lowWater = highWater / 4

  init(_ descriptor: consuming Descriptor, peer: SocketAddress?, limit: Int, loop: EventLoop) {
    self.loop = loop
    self.limit = limit
    self.descriptor = consume descriptor
    knownPeer = peer
    input = StreamInput(pool: loop.streamBuffers)
    output = StreamOutput(pool: loop.streamBuffers)
  }

  /// Begins to receive. Apart from `init`, because the operation keeps the transport.
  func start() {
    if knownPeer?.family != .unix { loop.driver.setOption(.noDelay, of: number) }
    startReceiving()
  }

  private var number: Int32 { descriptor?.number ?? -1 }

  // MARK: - Addresses

  var peer: SocketAddress? {
    if knownPeer == nil && state != .closed { knownPeer = loop.driver.peerAddress(of: number) }
    return knownPeer
  }

  var local: SocketAddress? { state == .closed ? nil : loop.driver.localAddress(of: number) }

  package var waitDescription: String { peer?.description ?? "a connection" }

  // MARK: - Input

  /// Waits until `needed` bytes are unread, or there will be no more; `DeadlinePassed` at a time of the loop's clock.
  package nonisolated(nonsending) func waitForInput(_ needed: Int, until deadline: Int64 = .max) async throws {
    guard reader == nil else { throw StreamError.concurrentRead }
    readerNeeds = needed
    let wait = loop.beginWait(WaitReason("receive from", on: self))
    reader = wait
    resumeReceiving()
    let outcome = await loop.wait(wait, until: deadline)
    reader = nil
    if outcome == .cancelled { throw CancellationError() }
    if outcome == .resumed(EventLoop.deadlinePassed) { throw DeadlinePassed() }
  }

  /// Whether a wait for input would be in vain.
  package var inputIsOver: Bool { reachedEnd || inputError != nil }

  /// After bytes were taken out.
  func resumeReceiving() {
    if receivingIsPaused && state == .open && !inputIsOver && (input.count <= limit || reader != nil) {
      receivingIsPaused = false
      startReceiving()
    }
  }

  private func startReceiving() {
    guard receiving == nil else { return }
    receiving = loop.receive(from: number, sink: self)
  }

  private func received(_ completion: Completion) {
    let wasEnding = receivingIsEnding
    if completion.isLast {
      receiving = nil
      receivingIsEnding = false
    }
    if completion.result > 0 {
      input.append(completion.bytes)
      if let reader, input.count >= readerNeeds {
        loop.unpark(reader)
      } else if input.count > 2 * limit && reader == nil && !receivingIsPaused {
        receivingIsPaused = true
        if let receiving {
          receivingIsEnding = true
          loop.cancel(receiving)
        }
      }
      if completion.isLast && !receivingIsPaused && state == .open { startReceiving() }
    } else if completion.result == 0 {
      reachedEnd = true
      wakeReader()
    } else if completion.result != SystemError.Code.canceled.result {
      inputError = SystemError("receive", waitDescription, result: completion.result)
      wakeReader()
    } else if wasEnding {
      if !receivingIsPaused && state == .open { startReceiving() }
    } else if state == .open {
      // The loop ends.
      inputError = StreamError.aborted
      wakeReader()
    }
    if state == .closing { closeIfIdle() }
  }

  private func wakeReader() {
    if let reader { loop.unpark(reader) }
  }

  // MARK: - Output

  /// Takes all bytes: what does not leave at once is kept and sent later. Returns whether the writer should wait.
  package func write(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    if let outputError { throw outputError }
    guard state == .open, !wroteEnd else { throw StreamError.writeAfterEnd }
    var rest = bytes
    let batches = loop.driver.sendsInBatches && bytes.count <= Self.largestBatched
    if output.isEmpty && !batches {
      let sent = loop.driver.send(bytes, to: number)
      if sent == bytes.count { return false }
      if sent >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
      } else if !SystemError.Code(rawValue: Int32(-sent)).isTemporary {
        fail(SystemError("send", waitDescription, result: sent))
        throw outputError!
      }
    }
    output.append(rest)
    sendNext()
    return output.count > Self.highWater
  }

  /// Waits until little enough is kept; `DeadlinePassed` at a time of the loop's clock.
  package nonisolated(nonsending) func waitForOutput(until deadline: Int64 = .max) async throws {
    let wait = loop.beginWait(WaitReason("send to", on: self))
    writers.append(wait)
    let outcome = await loop.wait(wait, until: deadline)
    if outcome == .cancelled || outcome == .resumed(EventLoop.deadlinePassed) {
      writers.removeAll { $0 == wait }
      if outcome == .cancelled { throw CancellationError() }
      throw DeadlinePassed()
    }
    if let outputError { throw outputError }
  }

  func throwOutputError() throws {
    if let outputError { throw outputError }
  }

  package var pendingOutput: Int { output.count }

  private func sendNext() {
    guard sending == nil, let block = output.startSending() else { return }
    sending = loop.send(block.bytes, to: number, owner: block, sink: self)
  }

  private func sent(_ completion: Completion) {
    sending = nil
    output.finishSending()
    if completion.result < 0 {
      fail(SystemError("send", waitDescription, result: completion.result))
    } else {
      sendNext()
    }
    if output.count <= Self.lowWater { wakeWriters() }
    if output.isEmpty {
      if wroteEnd { shutDown() }
      if state == .closing { closeIfIdle() }
    }
  }

  private func fail(_ error: SystemError) {
    // An abort has said why already.
    if outputError == nil { outputError = error }
    output.discard()
    wakeWriters()
  }

  private func wakeWriters() {
    let waits = writers
    writers.removeAll(keepingCapacity: true)
    for wait in waits { loop.unpark(wait) }
  }

  /// Ends the stream to the peer, after what was written.
  func writeEnd() throws {
    guard state == .open else { throw StreamError.writeAfterEnd }
    guard !wroteEnd else { return }
    wroteEnd = true
    if output.isEmpty { shutDown() }
  }

  private func shutDown() {
    guard state != .closed else { return }
    _ = loop.driver.shutdownWriting(number)
  }

  // MARK: - The end

  package var isClosing: Bool { state != .open }

  /// Closes after what was written has left.
  package func close() {
    guard state == .open else { return }
    state = .closing
    endInput(with: StreamError.aborted)
    if output.isEmpty { closeIfIdle() }
  }

  /// Closes since nobody has it any more. That is how a server's connections end; of others somebody forgot it.
  func closeForgotten() {
    if state == .open && onClose == nil {
      DebugMode.log("the connection to \(waitDescription) was dropped without being closed")
    }
    close()
  }

  /// Closes at once; what was not sent is lost, and the peer sees a reset.
  package func abort() {
    guard state != .closed else { return }
    if state == .open { endInput(with: StreamError.aborted) }
    state = .closing
    loop.driver.setOption(.resetOnClose, of: number)
    if outputError == nil { outputError = StreamError.aborted }
    output.discard()
    wakeWriters()
    if let sending { loop.cancel(sending) }
    closeIfIdle()
  }

  private func endInput(with error: any Error) {
    if !inputIsOver { inputError = error }
    wakeReader()
    if let receiving { loop.cancel(receiving) }
  }

  private func closeIfIdle() {
    guard state == .closing, receiving == nil, sending == nil, output.isEmpty else { return }
    state = .closed
    descriptor = nil
    let waits = closers
    closers.removeAll()
    for wait in waits { loop.unpark(wait) }
    let onClose = onClose.take()
    onClose?()
  }

  nonisolated(nonsending) func waitClosed() async throws {
    if state != .closed {
      let wait = loop.beginWait(WaitReason("close", on: self))
      closers.append(wait)
      if await loop.wait(wait) == .cancelled {
        closers.removeAll { $0 == wait }
        throw CancellationError()
      }
    }
    if let outputError { throw outputError }
  }

  // MARK: - Completions

  package func complete(_ operation: OperationID, _ completion: Completion) {
    if operation == receiving { received(completion) } else if operation == sending { sent(completion) }
  }
}

extension SystemError.Code {
  /// As completions carry it.
  var result: Int32 { -rawValue }

  /// Whether the call would have worked a moment later.
  var isTemporary: Bool { self == .tryAgain || self == .interrupted || self == .noBufferSpace }
}
