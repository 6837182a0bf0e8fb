// SPDX-License-Identifier: Apache-2.0
// The end of a stream. `close` ends what the user gives and takes; the descriptor goes when the output has left and no
// operation is in flight. With a filter that wants to see the peer's own end (TLS's close_notify) it stays until that
// has come, or the filter's time limit; see StreamTransport+Lingering.
//
// After its own `close` a reader finds what had arrived, and then the end, as in asyncio.

import AsyncIOCore

extension StreamTransport {
  package var isClosing: Bool { state != .open }

  /// Closes after what was written has left.
  package func close() {
    guard state == .open else { return }
    takeArrived()
    beginClosing()
  }

  private func beginClosing() {
    let peerHasEnded = reachedEnd && !endIsOurs || inputError != nil
    if !wroteEnd && outputError == nil {
      // What it can't say any more, nobody waits for.
      try? filter?.writeEnd(on: self)
    }
    state = .closing
    let limit = filter.flatMap { $0.awaitsPeerEnd ? $0.closeTimeLimit : nil } ?? lingerTimeOfOwner
    if let limit, !peerHasEnded, outputError == nil {
      setPulling(false)
      linger(limit)
      if filter == nil { endOutput() }
      endOwnInput()
    } else {
      endOwnInput()
      tellSendFailure()
      filter?.ended(by: StreamError.aborted)
      if let receiving { loop.cancel(receiving) }
    }
    if output.isEmpty { closeIfIdle() }
    limitClosing()
  }

  private func endOwnInput() {
    if !inputIsOver {
      reachedEnd = true
      endIsOurs = true
    }
    wakeReader()
  }

  /// Closes since nobody has it any more. That is how a server's connections end; of others somebody forgot it.
  func closeForgotten() {
    if state == .open && ownership == nil {
      DebugMode.log("the connection to \(waitDescription) was dropped without being closed")
    }
    if !inputIsLent { input.drop(input.count) }
    if state == .open { beginClosing() }
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
    // Its name goes with the descriptor, and who waits is told it.
    if reader != nil || !writers.isEmpty { _ = peer }
    state = .closing
    if wasOpen { endInput(with: error) }
    endLingering()
    if let receiving { loop.cancel(receiving) }
    if isSocket { loop.backend.setOption(.resetOnClose, of: number) }
    if outputError == nil { outputError = error }
    output.discard()
    wakeWriters()
    if let sending { loop.cancel(sending) }
    closeIfIdle()
  }

  func closeIfIdle() {
    guard state == .closing, outputIsIdle else { return }
    if lingering != nil {
      if hasSaidAll { tellClosed() }
      return
    }
    guard receiving == nil else { return }
    state = .closed
    endFiltering()
    closeDescriptor()
    if let ownership { ownership.owner.connectionClosed(self, at: ownership.place) }
    tellClosed()
  }

  private func tellClosed() {
    for wait in closers.takeAll() { loop.resume(wait) }
    let consumer = consumer.take()
    consumer?.closed()
  }

  nonisolated(nonsending) func waitClosed() async throws {
    if state == .closed || hasSaidAll {
      // Clean-up closes, so a cancelled task is told of it at its next operation.
      await loop.spendBudgetUninterrupted()
    } else {
      let wait = loop.beginWait(WaitReason("close", on: self))
      let place = closers.join(wait)
      if await loop.wait(wait) == .cancelled {
        closers.leave(place)
        throw CancellationError()
      }
    }
    if let outputError, !lostNoOutput { throw named(outputError, "close") }
  }
}
