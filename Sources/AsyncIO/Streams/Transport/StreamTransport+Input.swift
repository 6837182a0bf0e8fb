// SPDX-License-Identifier: Apache-2.0
// What arrives: from the descriptor, through the filter, into the input, to the task that waits for it.

import AsyncIOCore
import Glibc

extension StreamTransport {
  // MARK: - Waiting

  /// Waits until `needed` bytes are unread, or there will be no more.
  @inline(__always)
  package nonisolated(nonsending) func waitForInput(_ needed: Int, _ call: StaticString = "read") async throws {
    repeat {
      if polls && pull(needed) { return }
      try await waitForCompletion(needed, call)
    } while polls
  }

  /// The same until a time of the loop's clock: `DeadlinePassed`.
  package nonisolated(nonsending) func waitForInput(_ needed: Int, until deadline: Int64) async throws {
    if deadline == .max { return try await waitForInput(needed) }
    repeat {
      if polls && pull(needed) { return }
      let wait = try beginWaitForCompletion(needed, "read")
      let outcome = await loop.wait(wait, until: deadline)
      state.input.readerLeft()
      try outcome.check()
    } while polls
  }

  /// Waits until a completion has brought `needed` bytes, or, where the stream pulls, has said that there are some.
  nonisolated(nonsending) func waitForCompletion(_ needed: Int, _ call: StaticString) async throws {
    let wait = try beginWaitForCompletion(needed, call)
    let outcome = await loop.wait(wait)
    state.input.readerLeft()
    if outcome == .cancelled { throw CancellationError() }
  }

  /// Never inlined: it would make the frame of every read that waits larger, and retain there what it asks.
  /// Benchmark: idle.
  @inline(never)
  private func beginWaitForCompletion(_ needed: Int, _ call: StaticString) throws -> WaitID {
    guard reader == nil else { throw named(StreamError.concurrentRead, call) }
    let wait = loop.beginWait(WaitReason("receive from", on: self))
    state.input.wait(wait, for: needed)
    resumeReceiving()
    if ownership?.isShuttingDown == true { endIfIdle() }
    return wait
  }

  func wakeReader() {
    if let reader { loop.resume(reader) }
    consumer?.inputChanged()
    watcher?.inputEnded()
  }

  // MARK: - Receiving

  /// After bytes were taken out, or when somebody waits for more.
  func resumeReceiving() {
    if state.mayResume(unread: input.count, limit: limit) { startReceiving() }
  }

  func startReceiving() {
    guard !state.input.hasOperation, !filterIsBehind else { return }
    state.input.started(
      polls
        ? loop.poll(number, events: UInt32(POLLIN), sink: self)
        : loop.receive(from: number, isSocket: isSocket, sink: self))
  }

  func received(_ completion: Completion) {
    let wasEnding = completion.isLast && state.input.operationEnded()
    if completion.result > 0 {
      state.input.count(Int(completion.result))
      unsafe arrived(completion.bytes)
      if unsafe completion.bytes.count >= PieceSizes.large { largePieceArrived() }
      follow(.input, isLast: completion.isLast, wasEnding: wasEnding)
    } else if completion.result == 0 || isTerminal && completion.result == SystemError.Code.ioError.result {
      // A read from a pseudo-terminal fails once no process has its other side open (tty_io.c).
      arrivedEnd()
    } else if completion.result != SystemError.Code.canceled.result {
      let error = SystemError(isSocket ? "receive" : "read", waitDescription, result: completion.result)
      if !keepEnd(.failed(error)) { failInput(error) }
    } else {
      follow(.cancelled, isLast: true, wasEnding: wasEnding)
    }
    if state.isClosing { closeIfIdle() }
  }

  /// What follows a completion that has brought something, or was cancelled.
  @inline(__always)
  func follow(_ tidings: StreamState.Tidings, isLast: Bool, wasEnding: Bool) {
    switch state.following(tidings, isLast: isLast, wasEnding: wasEnding) {
    case .nothing: break
    case .receive: startReceiving()
    case .abort: endInput(with: StreamError.aborted)
    case .endLingering: endLingering()
    }
  }

  @inline(__always)
  private func arrived(_ bytes: UnsafeRawBufferPointer) {
    guard let filter else { return unsafe deliver(bytes) }
    do { try unsafe give(bytes, to: filter) } catch { fail(error) }
  }

  func arrivedEnd() {
    if filter != nil && keepEnd(.proper) { return }
    if let loss = lossBehindEnd { return failInput(loss) }
    if let filter {
      // A send has failed: the connection was reset, and the socket has told that to the send.
      if let failure = state.output.keptFailure { return endInput(with: failure) }
      do { try filter.receivedEnd(on: self) } catch { fail(error) }
      state.input.confirmEnd()
    } else {
      state.input.peerEnded()
      wakeReader()
    }
    endLingering()
  }

  /// Nothing more will come.
  func endInput(with error: any Error) {
    state.input.fail(error)
    tellSendFailure()
    wakeReader()
    endLingering()
    filter?.ended(by: error)
  }

  // MARK: - For the filter

  /// Input for the user. Dropped if the user has closed the stream.
  @inline(__always)
  package func deliver(_ bytes: UnsafeRawBufferPointer) {
    if !state.isOpen {
      // The answer of a peer's filter is worth waiting for, whatever comes before.
      if let lingering, filter == nil, bytesReceived > lingering.bytes { endLingering() }
      return
    }
    if let consumer, input.isEmpty {
      state.input.isUnanswered = true
      let taken = unsafe consumer.received(bytes)
      if taken == bytes.count || !state.isOpen { return }
      unsafe input.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
    } else {
      unsafe input.append(bytes)
    }
    inputGrew()
  }

  /// The same, written where it will lie: the body gets room for `capacity` bytes or more, and returns how many it
  /// wrote.
  package func deliver(upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int {
    let count = try unsafe input.append(upTo: capacity, body)
    if !state.isOpen {
      input.drop(input.count)
    } else if count > 0 {
      inputGrew()
    }
    return count
  }

  /// The proper end of the input.
  package func deliverEnd() {
    if !inputIsOver { state.input.peerEnded() }
    tellSendFailure()
    wakeReader()
    endLingering()
  }

  private func inputGrew() {
    state.input.isUnanswered = true
    consumer?.inputChanged()
    switch state.input.grew(unread: input.count, limit: limit) {
    case .wakes(let reader): loop.resume(reader)
    case .pauses: pauseReceiving()
    case .waits: break
    }
  }

  /// Nobody reads what is there; the peer is to wait.
  func pauseReceiving() {
    if let operation = state.input.pause() { loop.cancel(operation) }
  }

  /// Ends the operation, perhaps for another one.
  func cancelReceiving() { if let operation = state.input.cancel() { loop.cancel(operation) } }
}
