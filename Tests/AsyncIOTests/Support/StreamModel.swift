// SPDX-License-Identifier: Apache-2.0
// A stream that exists only here: StreamState, a socket of the model under it, and in between what StreamTransport does
// with the state's answers, with numbers in place of bytes. A mistake that was made there once can be put back.

@testable import AsyncIO
@testable import AsyncIOCore

/// A fault of streams that was met in use, put back.
enum StreamMistake: CaseIterable, Sendable {
  case resetPassesForAnEnd, sleepsThroughAReset, closesWithOutputPending, ownCloseIsAnError, takesWhatIsLent
  case staysPausedWhenThePauseWasStillEnding, forgetsWhatAnEndingPollTold, readerOfMoreThanTheLimitStaysPaused
  case laterErrorReplacesTheFirst, sendersDoNotLearnOfALoss, writesIntoAFileThatIsSent, endsBeforeTheOutputHasLeft
  case resetsAPeerThatIsStillAsking, keepsAFailureForEver, passesByTheFilter, abortLeavesTheReader,
    closeOfAFilterHasNoLimit
}

final class StreamModel {
  struct Setting {
    var polls = false
    var limit = 1
    var room = 1
    /// More than so many bytes that have not left make a writer wait.
    var highWater = 0
    var hasFilter = false
    /// A server's, which waits for its peer's end.
    var lingers = false
    /// The first receive waits for the first reader.
    var beginsPaused = false
  }

  let setting: Setting
  let mistake: StreamMistake?
  var state = StreamState()
  var socket: ModelSocket
  var hasFilter: Bool
  var unread = 0
  /// Of the unread ones.
  var lent: Int?
  /// Written and not left, and how many of them the kernel has.
  var pending = 0
  var sending = 0
  var lastWait: UInt32 = 0
  var writers: [WaitID] = []
  var closers: [WaitID] = []
  var resumed: Set<WaitID> = []
  /// Timers that are set: each may fire at any time.
  var reasonTimer: SystemError?
  var lingerTimer = false
  var closeTimer = false

  // What happened, for the checks.
  var written = 0
  var wasAborted = false
  var hasClosed = false
  var hasWaitedEnough = false
  var broken: String?

  init(_ setting: Setting, _ mistake: StreamMistake?) {
    self.setting = setting
    self.mistake = mistake
    socket = ModelSocket(room: setting.room)
    hasFilter = setting.hasFilter
    if setting.polls { state.input.way.beginPolling() }
    if setting.beginsPaused { state.input.beginPaused() } else { startReceiving() }
  }

  func makeWait() -> WaitID {
    lastWait += 1
    return WaitID(index: lastWait, generation: 0)
  }

  func resume(_ wait: WaitID) { resumed.insert(wait) }

  func breaks(_ text: String) { if broken == nil { broken = text } }

  func error(_ call: String, _ code: SystemError.Code) -> SystemError {
    SystemError(call, "the model", code: code)
  }

  // MARK: - Completions

  func complete(_ completion: ModelSocket.Completion) {
    socket.tell(completion)
    if state.input.isOperation(completion.id) {
      if state.input.way.polls { becameReadable(completion) } else { received(completion) }
    } else if state.output.isOperation(completion.id) {
      if state.output.polls { becameWritable(completion) } else { sent(completion) }
    } else {
      breaks("a completion came of an operation that nobody knows")
    }
  }

  func received(_ completion: ModelSocket.Completion) {
    let wasEnding = completion.isLast && state.input.operationEnded()
    switch completion.result {
    case .bytes(let count):
      state.input.count(count)
      deliver(count)
      follow(.input, completion, wasEnding)
    case .end: arrivedEnd()
    case .failure(let code): failInput(error("receive", code))
    case .ready: breaks("a receive has told of readiness")
    case .cancelled: follow(.cancelled, completion, wasEnding)
    }
    if state.isClosing { closeIfIdle() }
  }

  func becameReadable(_ completion: ModelSocket.Completion) {
    let wasEnding = completion.isLast && state.input.operationEnded()
    if completion.result == .ready {
      state.input.way.mayBeReadable = true
      if let reader = state.input.reader {
        resume(reader)
      } else if !hasFilter || mistake == .passesByTheFilter, state.takesUnasked {
        receiveIntoInput()
        if unread > 2 * setting.limit, let operation = state.input.pause() { socket.cancel(operation) }
      }
      if state.input.isOver { cancelReceiving() }
      follow(.input, completion, wasEnding)
    } else {
      follow(.cancelled, completion, wasEnding)
    }
    if state.isClosing { closeIfIdle() }
  }

  func follow(_ tidings: StreamState.Tidings, _ completion: ModelSocket.Completion, _ wasEnding: Bool) {
    if mistake == .staysPausedWhenThePauseWasStillEnding, tidings == .cancelled, wasEnding { return }
    if mistake == .forgetsWhatAnEndingPollTold, tidings == .input, wasEnding, state.input.way.polls { return }
    switch state.following(tidings, isLast: completion.isLast, wasEnding: wasEnding) {
    case .nothing: break
    case .receive: startReceiving()
    case .abort: breaks("a receive was cancelled that nobody has cancelled")
    case .endLingering: endLingering()
    }
  }

  // MARK: - Input

  func startReceiving() {
    guard !state.input.hasOperation else { return }
    state.input.started(socket.begin(state.input.way.polls ? .poll : .receive))
  }

  func cancelReceiving() { if let operation = state.input.cancel() { socket.cancel(operation) } }

  func resumeReceiving() {
    if mistake == .readerOfMoreThanTheLimitStaysPaused, unread > setting.limit { return }
    if state.mayResume(unread: unread, limit: setting.limit) { startReceiving() }
  }

  func deliver(_ count: Int) {
    guard state.isOpen else { return }
    unread += count
    grew()
  }

  func grew() {
    state.input.isUnanswered = true
    switch state.input.grew(unread: unread, limit: setting.limit) {
    case .wakes(let reader): resume(reader)
    case .pauses: if let operation = state.input.pause() { socket.cancel(operation) }
    case .waits: break
    }
  }

  /// Returns whether so many are unread, or no more will come.
  func pull(_ needed: Int) -> Bool {
    while state.input.way.mayBeReadable && unread < needed && !state.input.isOver { receiveIntoInput() }
    return unread >= needed || state.input.isOver
  }

  func receiveIntoInput() {
    if hasFilter { breaks("bytes have passed by the filter") }
    switch socket.receiveNow() {
    case .bytes(let count):
      state.input.count(count)
      unread += count
      // It got less than it asked for.
      state.input.way.mayBeReadable = false
    case .end:
      if let loss = lossBehindEnd { failInput(loss) } else { state.input.peerEnded() }
    case .failure(.tryAgain): state.input.way.mayBeReadable = false
    case .failure(let code): failInput(error("receive", code))
    case .ready, .cancelled: break
    }
  }

  func arrivedEnd() {
    if let loss = lossBehindEnd { return failInput(loss) }
    if hasFilter {
      if let failure = state.output.keptFailure { return endInput(with: failure) }
      state.input.peerEnded()
      tellKeptFailure()
      wakeReader()
    } else {
      state.input.peerEnded()
      wakeReader()
    }
    endLingering()
  }

  func wakeReader() { if let reader = state.input.reader { resume(reader) } }

  func endInput(with reason: any Error) {
    state.input.fail(reason)
    tellKeptFailure()
    wakeReader()
    endLingering()
  }

  func take(_ count: Int) {
    if lent != nil { breaks("lent bytes were taken") }
    unread -= count
    resumeReceiving()
  }

  func setPolling(_ wanted: Bool) {
    switch state.input.setPolling(wanted) {
    case .none: break
    case .cancels(let operation): socket.cancel(operation)
    case .done: if state.wantsMore { startReceiving() }
    }
  }

  // MARK: - The end

  func close() {
    guard state.isOpen else { return }
    hasClosed = true
    let canLinger = setting.lingers && mistake != .resetsAPeerThatIsStillAsking
    if state.close(canLinger: canLinger) {
      setPolling(false)
      lingerTimer = true
      startReceiving()
      if !hasFilter, state.output.end(), outputIsIdle { shutDown() }
      endOwnInput()
    } else {
      endOwnInput()
      tellKeptFailure()
      cancelReceiving()
    }
    if mistake == .closesWithOutputPending, let operation = state.output.operationID {
      discard()
      socket.cancel(operation)
    }
    if pending == 0 { closeIfIdle() }
    closeTimer = hasFilter && state.isClosing && state.output.keptFailure == nil && mistake != .closeOfAFilterHasNoLimit
  }

  func endOwnInput() {
    if mistake == .ownCloseIsAnError { state.input.fail(StreamError.aborted) } else { state.input.endOwn() }
    wakeReader()
  }

  func abort() {
    guard state.phase != .closed else { return }
    wasAborted = true
    if state.abort(), mistake != .abortLeavesTheReader { endInput(with: StreamError.aborted) }
    endLingering()
    cancelReceiving()
    failOutputState(state.output.error ?? StreamError.aborted)
    discard()
    wakeWriters()
    if let operation = state.output.operationID { socket.cancel(operation) }
    closeIfIdle()
  }

  func endLingering() {
    guard state.endLingering() else { return }
    lingerTimer = false
    cancelReceiving()
    closeIfIdle()
  }

  func closeIfIdle() {
    if state.hasSaidAll(pending: pending > 0, hasFilter: hasFilter) { return tellClosed() }
    guard state.finish(pending: pending > 0) else { return }
    reasonTimer = nil
    if mistake != .keepsAFailureForEver, state.output.takeKeptFailure() != nil { wakeWriters() }
    if setting.lingers, !hasWaitedEnough, !wasAborted, !socket.hasEnd, !socket.isReset, hasClosed {
      breaks("a peer that is still asking was reset")
    }
    socket.close()
    tellClosed()
  }

  func tellClosed() {
    for wait in closers { resume(wait) }
    closers = []
  }
}
