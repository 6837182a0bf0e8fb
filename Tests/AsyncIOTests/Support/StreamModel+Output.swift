// SPDX-License-Identifier: Apache-2.0
// The outgoing direction of the model's stream, and what each direction learns of a loss from the other.

@testable import AsyncIO
@testable import AsyncIOCore

extension StreamModel {
  // MARK: - Losses

  var lossBehindEnd: SystemError? {
    guard mistake != .resetPassesForAnEnd, state.endIsDoubtful(pending: pending > 0) else { return nil }
    return state.lossBehindEnd(hasEnded: socket.hasEnd).map { error("receive", $0) }
  }

  func failInput(_ reason: SystemError) {
    endInput(with: reason)
    if mistake == .sendersDoNotLearnOfALoss { return }
    guard reason.code.isLoss, state.output.learnsLoss(pending: pending > 0) else { return }
    failOutput(error("send", reason.code))
  }

  func failOutput(_ reason: SystemError) {
    if state.keepsFailure(reason.code, hasFilter: hasFilter) {
      state.output.keep(reason)
      reasonTimer = reason
      discard()
      if state.wantsMore { startReceiving() }
    } else {
      loseOutput(reason)
    }
    if mistake != .sleepsThroughAReset, let operation = state.receiveAnew() { socket.cancel(operation) }
  }

  func loseOutput(_ reason: SystemError) {
    failOutputState(reason)
    discard()
    wakeWriters()
    endLingering()
  }

  func failOutputState(_ reason: any Error) {
    let first = state.output.error.map { "\($0)" }
    if mistake == .laterErrorReplacesTheFirst, first != nil {
      var anew = OutputState()
      anew.fail(reason)
      state.output = anew
    } else {
      state.output.fail(reason)
    }
    if let first, "\(state.output.error!)" != first { breaks("an error has taken the place of the first one") }
  }

  func tellKeptFailure() {
    guard let reason = state.output.takeKeptFailure() else { return }
    reasonTimer = nil
    loseOutput(reason)
  }

  func discard() { pending = 0 }

  // MARK: - Output

  /// Returns whether the writer is to wait.
  func write() -> Bool {
    state.input.isUnanswered = false
    written += 1
    emit()
    return pending > setting.highWater || state.output.keptFailure != nil
  }

  func emit() {
    if state.output.drops || state.phase == .closed { return }
    if state.output.isIdle(pending: pending > 0) {
      checkSend()
      switch socket.sendNow(1) {
      case .bytes: return
      case .failure(.tryAgain): break
      case .failure(let code): return failOutput(error("send", code))
      case .ready, .end, .cancelled: break
      }
    }
    pending += 1
    sendNext()
  }

  func checkSend() {
    if state.output.isHeld { breaks("bytes were sent into a file that is sent") }
    if socket.ends > 0 { breaks("bytes were sent after the end") }
    if state.output.error != nil { breaks("bytes were sent after an error") }
  }

  func sendNext() {
    let holdIsIgnored = mistake == .writesIntoAFileThatIsSent && !state.output.hasOperation
    guard state.output.maySend || holdIsIgnored, pending > 0 else { return }
    checkSend()
    sending = pending
    state.output.startedSending(socket.begin(.send(pending)))
  }

  func sent(_ completion: ModelSocket.Completion) {
    state.output.operationEnded()
    pending = max(0, pending - sending)
    switch completion.result {
    case .bytes(let count):
      state.output.count(count)
      sendNext()
    case .failure(let code): failOutput(error("send", code))
    case .cancelled: failOutput(error("send", .canceled))
    case .ready, .end: break
    }
    if pending == 0, state.output.keptFailure == nil { wakeWriters() }
    if pending == 0 && !state.output.isHeld {
      if state.output.hasEnd && !hasFilter { shutDown() }
      if state.isClosing { closeIfIdle() }
    }
  }

  func wakeWriters() {
    for wait in writers { resume(wait) }
    writers = []
  }

  func writeEnd() {
    guard state.output.end() else { return }
    if outputIsIdle || mistake == .endsBeforeTheOutputHasLeft { shutDown() }
  }

  func shutDown() {
    guard state.phase != .closed else { return }
    socket.shutDown()
    if socket.ends > 1 { breaks("the end was said twice") }
  }

  var outputIsIdle: Bool { state.output.isIdle(pending: pending > 0) }

  // MARK: - Held output

  func hold() { state.output.hold() }

  func release() {
    switch state.output.release(isClosed: state.phase == .closed, pending: pending > 0) {
    case .nothing: break
    case .sends: sendNext()
    case .idle(let shutsDown):
      if shutsDown { shutDown() }
      wakeWriters()
      closeIfIdle()
    }
  }

  func pollForRoom() { state.output.startedPolling(socket.begin(.pollForRoom)) }

  func cancelPollForRoom() { if let operation = state.output.operationID { socket.cancel(operation) } }

  func becameWritable(_ completion: ModelSocket.Completion) {
    guard completion.isLast else { return cancelPollForRoom() }
    state.output.operationEnded()
    if state.output.isHeld { wakeWriters() } else { release() }
    if state.isClosing { closeIfIdle() }
  }
}
