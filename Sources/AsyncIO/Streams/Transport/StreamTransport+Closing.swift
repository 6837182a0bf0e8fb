// SPDX-License-Identifier: Apache-2.0
// The end of a stream. `close` ends what the user gives and takes; the descriptor goes when the output has left and no
// operation is in flight. With a filter that wants to see the peer's own end (TLS's close_notify) it stays until that
// has come, or the filter's time limit; see StreamTransport+Lingering.
//
// After its own `close` a reader finds what had arrived, and then the end, as in asyncio.

import AsyncIOCore

extension StreamTransport {
  package var isClosing: Bool { !state.isOpen }

  /// Closes after what was written has left.
  package func close() {
    guard state.isOpen else { return }
    takeArrived()
    beginClosing()
  }

  private func beginClosing() {
    if !state.output.hasEnd && outputError == nil {
      // What it can't say any more, nobody waits for.
      try? filter?.writeEnd(on: self)
    }
    // A consumer that was told of a failure by that may have aborted the stream.
    guard state.isOpen else { return }
    let limit = filter.flatMap { $0.awaitsPeerEnd ? $0.closeTimeLimit : nil } ?? lingerTimeOfOwner
    if state.close(canLinger: limit != nil), let limit {
      setPulling(false)
      linger(limit)
      if filter == nil { endOutput() }
      endOwnInput()
    } else {
      endOwnInput()
      tellSendFailure()
      filter?.ended(by: StreamError.aborted)
      cancelReceiving()
    }
    if output.isEmpty { closeIfIdle() }
    limitClosing()
  }

  /// Ends the input, whatever the peer may still send: a reader finds the end of the stream.
  package func endOwnInput() {
    state.input.endOwn()
    wakeReader()
  }

  /// Closes since nobody has it any more. That is how a server's connections end; of others somebody forgot it.
  func closeForgotten() {
    if state.isOpen && ownership == nil {
      DebugMode.log("the connection to \(waitDescription) was dropped without being closed")
    }
    if !state.input.isLent { input.drop(input.count) }
    if state.isOpen { beginClosing() }
  }

  /// Closes at once; what was not sent is lost, and the peer sees a reset.
  package func abort() {
    guard state.phase != .closed else { return }
    abort(with: StreamError.aborted)
  }

  /// The same, and what waits or is called later fails with the error.
  package func abort(with error: any Error) {
    guard state.phase != .closed else { return }
    // Its name goes with the descriptor, and who waits is told it.
    if reader != nil || !writers.isEmpty { _ = peer }
    if state.abort() { endInput(with: error) }
    endLingering()
    cancelReceiving()
    if isSocket { loop.sockets.set(.resetOnClose, of: number) }
    state.output.fail(error)
    output.discard()
    wakeWriters()
    if let operation = state.output.operationID { loop.cancel(operation) }
    closeIfIdle()
  }

  func closeIfIdle() {
    if hasSaidAll { return tellClosed() }
    guard state.finish(pending: !output.isEmpty) else { return }
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

  package nonisolated(nonsending) func waitClosed() async throws {
    if state.phase == .closed || hasSaidAll {
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
    if let outputError, !state.output.lostNothing { throw named(outputError, "close") }
  }
}
