// SPDX-License-Identifier: Apache-2.0
// What is written: through the filter, to the kernel at once where it fits, or kept and sent later.

import AsyncIOCore

extension StreamTransport {
  /// What a write may have to be handed over with the turn's other operations; copying more costs more than its own
  /// system call.
  static let largestBatched = 16 * 1024
  static let highWater = 64 * 1024
  static let lowWater = highWater / 4

  // MARK: - Writing

  /// Takes all bytes: what does not leave at once is kept and sent later. Returns whether the writer should wait.
  package func write(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    try beginWrite()
    if let filter {
      try unsafe filter.write(bytes, on: self)
    } else {
      unsafe emit(bytes)
    }
    if let outputError { throw named(outputError, "write") }
    return output.count > Self.highWater || keepsSendFailure
  }

  /// Notes that the user answers the peer. Throws if nothing can be written any more.
  func beginWrite(_ call: StaticString = "write") throws {
    if let outputError { throw named(outputError, call) }
    guard state.isOpen, !state.output.hasEnd else { throw named(StreamError.writeAfterEnd, call) }
    state.input.isUnanswered = false
  }

  /// Ends the stream to the peer, after what was written.
  func writeEnd() throws {
    guard state.isOpen else { throw named(StreamError.writeAfterEnd, "writeEOF") }
    guard state.output.end() else { return }
    if let filter {
      try filter.writeEnd(on: self)
    } else if !isSocket {
      // A pipe's end is that its last writer closes it.
      close()
    } else if outputIsIdle {
      shutDown()
    }
  }

  func shutDown() {
    guard state.phase != .closed else { return }
    _ = loop.sockets.shutdownWriting(number)
  }

  // MARK: - To the kernel

  /// Output as the descriptor gets it. An error is kept for the task that writes or closes next.
  package func emit(_ bytes: UnsafeRawBufferPointer) {
    if state.output.drops || state.phase == .closed { return }
    var rest = unsafe bytes
    // Benchmark: echo-1 (at once), echo-100 (batched).
    let batches =
      bytes.count <= Self.largestBatched && loop.backend.batchesSend(whileJobsAreReady: loop.hasReadyJobs)
    if outputIsIdle && !batches {
      let sent = unsafe isSocket ? loop.sockets.send(bytes, to: number) : loop.sockets.write(bytes, to: number)
      if sent > 0 { state.output.count(sent) }
      if sent == bytes.count { return }
      if sent >= 0 {
        unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
      } else if !SystemError.Code(rawValue: Int32(-sent)).isTemporary {
        return failOutput(SystemError(isSocket ? "send" : "write", waitDescription, result: sent))
      }
    }
    unsafe output.append(rest)
    sendNext()
  }

  /// Whether nothing is on its way, so that bytes may leave at once.
  var outputIsIdle: Bool { state.output.isIdle(pending: !output.isEmpty) }

  func sendNext() {
    guard state.output.maySend, let block = output.startSending() else { return }
    unsafe state.output.startedSending(loop.send(block.bytes, to: number, isSocket: isSocket, owner: block, sink: self))
  }

  func sent(_ completion: Completion) {
    state.output.operationEnded()
    output.finishSending()
    if completion.result < 0 {
      failOutput(SystemError(isSocket ? "send" : "write", waitDescription, result: completion.result))
    } else {
      state.output.count(Int(completion.result))
      sendNext()
    }
    if output.count <= Self.lowWater {
      if !keepsSendFailure { wakeWriters() }
      answersHaveLeft()
    }
    consumer?.outputChanged()
    if output.isEmpty && !state.output.isHeld {
      if state.output.hasEnd && filter == nil { shutDown() }
      if state.isClosing { closeIfIdle() }
    }
  }

  // MARK: - Waiting

  package var pendingOutput: Int { output.count }

  /// Waits until little enough is kept; `DeadlinePassed` at a time of the loop's clock.
  package nonisolated(nonsending) func waitForOutput(
    until deadline: Int64 = .max, _ call: StaticString = "write"
  ) async throws {
    let wait = loop.beginWait(WaitReason("send to", on: self))
    let place = writers.join(wait)
    let outcome = await loop.wait(wait, until: deadline)
    writers.leave(place)
    try outcome.check()
    if let outputError { throw named(outputError, call) }
  }

  /// Waits until a writer may go on. While a file is sent others who wait here wake whenever the socket has room.
  package nonisolated(nonsending) func waitForRoom(until deadline: Int64 = .max) async throws {
    repeat { try await waitForOutput(until: deadline) } while output.count > Self.highWater
  }

  nonisolated(nonsending) func drain() async throws {
    try await loop.spendBudget()
    if let outputError { throw named(outputError, "drain") }
    while pendingOutput > Self.lowWater || keepsSendFailure { try await waitForOutput(until: .max, "drain") }
  }

  func wakeWriters() {
    for wait in writers.takeAll() { loop.resume(wait) }
  }
}
