// SPDX-License-Identifier: Apache-2.0
// The end of a stream. `close` ends what the user gives and takes; the descriptor goes when the output has left and no
// operation is in flight. With a filter that wants to see the peer's own end (TLS's close_notify) it stays until that
// has come, or the filter's time limit: a socket that is closed with unread bytes resets the connection, and the reset
// may destroy what the peer has not read yet.

import AsyncIOCore

extension StreamTransport {
  package var isClosing: Bool { state != .open }

  /// Closes after what was written has left.
  package func close() {
    guard state == .open else { return }
    let peerHasEnded = reachedEnd && !endIsOurs || inputError != nil
    if !wroteEnd && outputError == nil {
      // What it can't say any more, nobody waits for.
      try? filter?.writeEnd(on: self)
    }
    state = .closing
    let limit = filter.flatMap { $0.awaitsPeerEnd ? $0.closeTimeLimit : nil } ?? closeTimeLimitOfServer
    if let limit, !peerHasEnded, outputError == nil {
      setPulling(false)
      linger(limit)
      if filter == nil { endOutput() }
      if !inputIsOver { inputError = StreamError.aborted }
      wakeReader()
    } else {
      endInput(with: StreamError.aborted)
      if let receiving { loop.cancel(receiving) }
    }
    if output.isEmpty { closeIfIdle() }
    limitClosing()
  }

  /// Closes since nobody has it any more. That is how a server's connections end; of others somebody forgot it.
  func closeForgotten() {
    if state == .open && listener == nil {
      DebugMode.log("the connection to \(waitDescription) was dropped without being closed")
    }
    close()
  }

  /// Closes at once; what was not sent is lost, and the peer sees a reset.
  package func abort() {
    guard state != .closed else { return }
    abort(with: StreamError.aborted)
  }

  /// The same, and what waits or is called later fails with the error.
  func abort(with error: any Error) {
    guard state != .closed else { return }
    let wasOpen = state == .open
    state = .closing
    if wasOpen { endInput(with: error) }
    endLingering()
    if let receiving { loop.cancel(receiving) }
    if isSocket { loop.driver.setOption(.resetOnClose, of: number) }
    if outputError == nil { outputError = error }
    output.discard()
    wakeWriters()
    if let sending { loop.cancel(sending) }
    closeIfIdle()
  }

  func closeIfIdle() {
    guard state == .closing, lingering == nil, receiving == nil, outputIsIdle else { return }
    state = .closed
    endFiltering()
    closeDescriptor()
    let waits = closers
    closers.removeAll()
    for wait in waits { loop.unpark(wait) }
    listener?.connectionClosed(self)
    let consumer = consumer.take()
    consumer?.closed()
  }

  nonisolated(nonsending) func waitClosed() async throws {
    if state == .closed {
      // Clean-up closes, so a cancelled task is told of it at its next operation.
      await loop.spendBudgetUninterrupted()
    } else {
      let wait = loop.beginWait(WaitReason("close", on: self))
      closers.append(wait)
      if await loop.wait(wait) == .cancelled {
        closers.removeAll { $0 == wait }
        throw CancellationError()
      }
    }
    if let outputError { throw outputError }
  }

  // MARK: - The peer's end

  private func linger(_ limit: Duration) {
    receivingIsPaused = false
    lingering = loop.callLater(limit) { [weak self] in
      guard let self else { return }
      // A server's answer may take longer to leave; its drain and its limits bound that.
      if filter == nil && !outputIsIdle { linger(limit) } else { endLingering() }
    }
    startReceiving()
  }

  /// Stops waiting for the peer's end.
  func endLingering() {
    guard let timer = lingering.take() else { return }
    timer.cancel()
    if let receiving { loop.cancel(receiving) }
    closeIfIdle()
  }
}
