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
      if pulling.isOn && pull(needed) { return }
      try await waitForCompletion(needed, call)
    } while pulling.isOn
  }

  /// The same until a time of the loop's clock: `DeadlinePassed`.
  package nonisolated(nonsending) func waitForInput(_ needed: Int, until deadline: Int64) async throws {
    if deadline == .max { return try await waitForInput(needed) }
    repeat {
      if pulling.isOn && pull(needed) { return }
      let wait = try beginWaitForCompletion(needed, "read")
      let outcome = await loop.wait(wait, until: deadline)
      reader = nil
      try outcome.check()
    } while pulling.isOn
  }

  /// Waits until a completion has brought `needed` bytes, or, where the stream pulls, has said that there are some.
  nonisolated(nonsending) func waitForCompletion(_ needed: Int, _ call: StaticString) async throws {
    let wait = try beginWaitForCompletion(needed, call)
    let outcome = await loop.wait(wait)
    reader = nil
    if outcome == .cancelled { throw CancellationError() }
  }

  private func beginWaitForCompletion(_ needed: Int, _ call: StaticString) throws -> WaitID {
    guard reader == nil else { throw named(StreamError.concurrentRead, call) }
    readerNeeds = needed
    let wait = loop.beginWait(WaitReason("receive from", on: self))
    reader = wait
    resumeReceiving()
    if let ownership, ownership.owner.isShuttingDown { endIfIdle() }
    return wait
  }

  /// Whether a wait for input would be in vain.
  package var inputIsOver: Bool { reachedEnd || inputError != nil }

  func wakeReader() {
    if let reader { loop.resume(reader) }
    consumer?.inputChanged()
  }

  // MARK: - Receiving

  /// After bytes were taken out, or when somebody waits for more.
  func resumeReceiving() {
    if receivingIsPaused && state == .open && !inputIsOver && (input.count <= limit || reader != nil) {
      receivingIsPaused = false
      startReceiving()
    }
  }

  func startReceiving() {
    guard receiving == nil, !filterIsBehind else { return }
    receiving =
      pulling.isOn
      ? loop.poll(number, events: UInt32(POLLIN), sink: self)
      : loop.receive(from: number, isSocket: isSocket, sink: self)
  }

  func received(_ completion: Completion) {
    let wasEnding = receivingIsEnding
    if completion.isLast {
      receiving = nil
      receivingIsEnding = false
      applyPulling()
    }
    if completion.result > 0 {
      bytesReceived &+= Int(completion.result)
      arrived(completion.bytes)
      if completion.bytes.count >= Pulling.large { largePieceArrived() }
      if completion.isLast && wantsMore { startReceiving() }
    } else if completion.result == 0 {
      arrivedEnd()
    } else if completion.result != SystemError.Code.canceled.result {
      let error = SystemError(isSocket ? "receive" : "read", waitDescription, result: completion.result)
      if !keepEnd(.failed(error)) { failInput(error) }
    } else if wasEnding {
      if wantsMore { startReceiving() }
    } else if state == .open {
      // The loop ends.
      endInput(with: StreamError.aborted)
    } else {
      endLingering()
    }
    if state == .closing { closeIfIdle() }
  }

  var wantsMore: Bool {
    !receivingIsPaused && (state == .open && !inputIsOver || lingering != nil)
  }

  @inline(__always)
  private func arrived(_ bytes: UnsafeRawBufferPointer) {
    guard let filter else { return deliver(bytes) }
    do { try give(bytes, to: filter) } catch { fail(error) }
  }

  func arrivedEnd() {
    if filter != nil && keepEnd(.proper) { return }
    if let loss = lossBehindEnd { return failInput(loss) }
    if let filter {
      // A send has failed: the connection was reset, and the socket has told that to the send.
      if let failure = filterWork?.sendFailure { return endInput(with: failure) }
      do { try filter.receivedEnd(on: self) } catch { fail(error) }
    } else {
      reachedEnd = true
      wakeReader()
    }
    endIsOurs = false
    endLingering()
  }

  /// Nothing more will come.
  func endInput(with error: any Error) {
    if !inputIsOver { inputError = error }
    tellSendFailure()
    wakeReader()
    endLingering()
    filter?.ended(by: error)
  }

  // MARK: - For the filter

  /// Input for the user. Dropped if the user has closed the stream.
  @inline(__always)
  package func deliver(_ bytes: UnsafeRawBufferPointer) {
    if state != .open {
      // The answer of a peer's filter is worth waiting for, whatever comes before.
      if filter == nil && bytesReceived > lingerLimits.bytes { endLingering() }
      return
    }
    if let consumer, input.isEmpty {
      wasSpokenTo = true
      let taken = consumer.received(bytes)
      if taken == bytes.count || state != .open { return }
      input.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
    } else {
      input.append(bytes)
    }
    inputGrew()
  }

  /// The same, written where it will lie: the body gets room for `capacity` bytes or more, and returns how many it wrote.
  package func deliver(upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int {
    let count = try input.append(upTo: capacity, body)
    if state != .open {
      input.drop(input.count)
    } else if count > 0 {
      inputGrew()
    }
    return count
  }

  /// The proper end of the input.
  package func deliverEnd() {
    if !inputIsOver { reachedEnd = true }
    tellSendFailure()
    wakeReader()
    endLingering()
  }

  private func inputGrew() {
    wasSpokenTo = true
    consumer?.inputChanged()
    if let reader, input.count >= readerNeeds {
      loop.resume(reader)
    } else if input.count > 2 * limit && reader == nil {
      pauseReceiving()
    }
  }

  /// Nobody reads what is there; the peer is to wait.
  func pauseReceiving() {
    guard !receivingIsPaused else { return }
    receivingIsPaused = true
    if let receiving, !receivingIsEnding { cancelReceiving(receiving) }
  }

  /// Ends the operation, perhaps for another one.
  func cancelReceiving(_ operation: OperationID) {
    receivingIsEnding = true
    loop.cancel(operation)
  }
}
