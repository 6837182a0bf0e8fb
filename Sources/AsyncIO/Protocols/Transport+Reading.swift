// SPDX-License-Identifier: Apache-2.0
// From the stream to the protocol. The protocol gets bytes in place, in the backend's buffer, if it takes them at once.
// If it doesn't, because it has paused or was switched, the stream keeps them and hands them on later. Nothing is
// called before `connectionMade`, and nothing but `connectionLost` after the transport was closed.

import AsyncIOCore

extension Transport {
  // MARK: - Pausing

  /// Stops `dataReceived` and `eofReceived`, and, as its buffers fill up, the peer; asyncio's `pause_reading`. Does
  /// nothing if reading is already paused.
  public func pauseReading() {
    guard isReading else { return }
    readingIsPaused = true
    stream.pauseReceiving()
  }

  /// Resumes after `pauseReading`; asyncio's `resume_reading`.
  public func resumeReading() {
    guard readingIsPaused, !isClosing else { return }
    readingIsPaused = false
    // Bytes that came meanwhile are handed on in a turn of their own: the protocol may be in the middle of something.
    stream.loop.callSoon { [self] in inputChanged() }
  }

  /// Whether the transport receives; asyncio's `is_reading`.
  public var isReading: Bool { !readingIsPaused && !isClosing }

  private var delivers: Bool { hasBegun && !readingIsPaused && !stream.isClosing }

  // MARK: - From the stream

  package func received(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard delivers, !isPumping else { return 0 }
    isPumping = true
    defer { isPumping = false }
    var taken = 0
    call { taken = unsafe deliver(bytes) }
    return taken
  }

  package func inputChanged() {
    guard delivers, !isPumping else { return }
    isPumping = true
    if !stream.input.isEmpty || stream.inputIsOver { call { pump() } }
    isPumping = false
    if delivers { stream.resumeReceiving() }
  }

  private func pump() {
    while delivers, !stream.input.isEmpty {
      _ = unsafe stream.lendUnread(deliver)
    }
    guard delivers else { return }
    if let error = stream.inputError {
      // A filter's error about the end (the peer's alert) tells more than the failed send.
      if !(error is SystemError), !(error is any PeerDeparture) { lossReason = nil }
      fail(error)
    } else if stream.reachedEnd, !hasSeenEnd {
      hasSeenEnd = true
      end()
      if let lossReason, !isClosing { fail(lossReason) }
    }
  }

  /// How long input may go on after sending has failed.
  private static var restTime: Duration { .seconds(1) }

  /// Fails the connection after a failed send. The bytes that the peer has already sent are handed on first; the end of
  /// the input follows.
  func failAfterInput(_ error: any Error) {
    guard delivers, stream.isSocket, !stream.inputIsOver else { return fail(error) }
    lossReason = error
    stream.loop.callLater(Self.restTime) { [self] in
      if !isClosing { fail(error) }
    }
  }

  // MARK: - To the protocol

  /// Returns how many bytes the protocol has taken.
  private func deliver(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch receiver {
    case .stream(let known):
      let bytes = unsafe bytes.bindMemory(to: UInt8.self)
      do { try unsafe known.dataReceived(bytes.span) } catch { failed("dataReceived", error) }
      return bytes.count
    case .buffered(let known): return unsafe deliver(bytes, into: known)
    case .none: return bytes.count
    }
  }

  private func deliver(_ bytes: UnsafeRawBufferPointer, into known: any BufferedProtocol) -> Int {
    var taken = 0
    while taken < bytes.count, delivers, receiver.base === known {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[taken...])
      var filled = 0
      do {
        try known.getBuffer(sizeHint: rest.count) { room in
          if filled > 0 { return }
          filled = min(room.freeCapacity, rest.count)
          unsafe room.withUnsafeMutableBufferPointer { buffer, count in
            let free = unsafe UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count...]))
            unsafe free.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<filled]))
            count += filled
          }
        }
      } catch {
        failed("getBuffer", error)
        break
      }
      if filled == 0 {
        failed("getBuffer", EmptyBufferError())
        break
      }
      taken += filled
      do { try known.bufferUpdated(filled) } catch { failed("bufferUpdated", error) }
    }
    return taken
  }

  private func end() {
    var staysOpen = false
    do {
      switch receiver {
      case .stream(let known): staysOpen = try known.eofReceived()
      case .buffered(let known): staysOpen = try known.eofReceived()
      case .none: break
      }
    } catch {
      return failed("eofReceived", error)
    }
    if !staysOpen || !stream.isSocket { close() }
  }
}

/// `BufferedProtocol.getBuffer` lent empty memory.
struct EmptyBufferError: Error, CustomStringConvertible {
  var description: String { "getBuffer lent an empty buffer" }
}
