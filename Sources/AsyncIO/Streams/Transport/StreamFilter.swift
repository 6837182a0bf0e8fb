// SPDX-License-Identifier: Apache-2.0

/// What stands between a stream's user and its descriptor, and turns the bytes of one into those of the other: TLS. It
/// does no I/O of its own; the transport calls it on the loop's thread, and gets its results by `deliver` and `emit`.
package protocol StreamFilter: AnyObject {
  /// Bytes came from the peer. What they mean for the user goes to `transport.deliver`, answers to `transport.answer`.
  ///
  /// - Returns: How many of the bytes it has taken. It is given the rest again in another turn of the loop, so that a
  ///   filter whose work is long shares the loop with others.
  /// - Throws: What the stream fails with from now on; what was emitted before (an alert) is still sent.
  func received(_ bytes: UnsafeRawBufferPointer, on transport: StreamTransport) throws -> Int

  /// The peer's bytes are over: `transport.deliverEnd()` if that is a proper end.
  ///
  /// - Throws: What the stream fails with if it isn't.
  func receivedEnd(on transport: StreamTransport) throws

  /// The user wrote bytes.
  func write(_ bytes: UnsafeRawBufferPointer, on transport: StreamTransport) throws

  /// The user ended the output, by `writeEOF` or `close`.
  func writeEnd(on transport: StreamTransport) throws

  /// How long `close` may take: for the rest of the output to leave, and for the peer's own end.
  var closeTimeLimit: Duration { get }

  /// Whether `close` waits for the peer's own end after ours.
  var awaitsPeerEnd: Bool { get }

  /// What `close` fails with when the peer has not taken the rest of the output in time.
  var closeTimedOut: any Error { get }

  /// The input has failed, or the stream was closed: whatever waits in the filter is to end. May be called more than
  /// once, and after an error of the filter's own.
  func ended(by error: any Error)
}

extension StreamTransport {
  /// Puts a filter in: what has arrived and is unread goes through it, as does everything that follows. What was
  /// written before leaves as it is.
  package func install(_ filter: any StreamFilter) throws {
    guard state.isOpen, !state.output.hasEnd else { throw named(StreamError.writeAfterEnd, "startTLS") }
    guard reader == nil else { throw named(StreamError.concurrentRead, "startTLS") }
    if state.input.isLent { throw named(StreamError.lent, "startTLS") }
    guard self.filter == nil else { throw named(StreamError.filtered, "startTLS") }
    if let inputError { throw named(inputError, "startTLS") }
    if let outputError { throw named(outputError, "startTLS") }
    self.filter = filter
    setPulling(false)
    let unread = input.take(input.count)
    if !unread.isEmpty { try unsafe unread.withUnsafeBytes { try unsafe give($0, to: filter) } }
    if state.input.takeEnd() {
      if !keepEnd(.proper) { try filter.receivedEnd(on: self) }
    }
    resumeReceiving()
  }
}
