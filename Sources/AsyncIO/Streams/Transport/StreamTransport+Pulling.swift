// SPDX-License-Identifier: Apache-2.0
// How input comes without a receive operation. What such an operation delivers is copied out of the backend's buffer
// into the stream's, and out of that into the reader's memory. For 64 KiB the two copies are a third of all that a
// message costs. So a stream whose pieces are large waits for readiness only, and the reader that waits pulls the bytes
// from the kernel to where they are wanted. Small pieces turn it back where the backend is better at completions
// (io_uring); a backend that goes by readiness anyway (epoll) begins like this.
//
// While no reader waits, the stream takes what arrives into its input, as a receive operation does. So it notices the
// end of the stream and a reset all the same, and the peer may send up to twice the limit. A pull that gets less than
// it asked for has emptied the socket, so the next one waits for readiness first. The backend reports readiness for as
// long as it lasts, so nothing is missed.
//
// A small piece goes by way of memory that the whole loop shares, so that nobody keeps more than arrived.
//
// Benchmark: echo-large.

import AsyncIOCore
import Glibc

/// How large the pieces of a stream's input are, which decides how they come.
struct PieceSizes {
  /// From this size on a piece counts as large.
  static let large = 16 * 1024
  /// How many large pieces turn it on, and how many small ones in a row off.
  private static let patience: UInt8 = 4
  private static let smallPatience: UInt8 = 32
  private static let small = 4096
  /// The most that is pulled at a time.
  static let largest = 1 << 20
  /// How often a reader receives before it lets others run.
  static let mostReceives = 16

  /// The last piece was large: the next goes straight to where it is wanted.
  private(set) var isLarge = false
  private var pieces: UInt8 = 0

  /// Whether it is time to turn it on.
  mutating func largePieceArrived() -> Bool {
    pieces += 1
    if pieces < Self.patience { return false }
    pieces = 0
    return true
  }

  /// Whether it is time to turn it off.
  mutating func pulled(_ count: Int) -> Bool {
    if count >= Self.large { isLarge = true } else if count < Self.small { isLarge = false }
    if count >= Self.small {
      pieces = 0
      return false
    }
    pieces += 1
    if pieces < Self.smallPatience { return false }
    pieces = 0
    return true
  }
}

extension StreamTransport {
  // MARK: - On and off

  func largePieceArrived() {
    if isSocket && state.isOpen && filter == nil && consumer == nil && pieces.largePieceArrived() {
      setPulling(true)
    }
  }

  /// Changes how the input comes: now, or when the operation of the other way has ended.
  func setPulling(_ wanted: Bool) {
    switch state.input.setPolling(wanted) {
    case .none: break
    case .cancels(let operation): loop.cancel(operation)
    case .done: if state.wantsMore { startReceiving() }
    }
  }

  /// At the start, with no operation in flight.
  func beginAsPreferred() {
    if isSocket && loop.sockets.prefersReadiness { state.input.way.beginPolling() }
  }

  // MARK: - Readiness

  func becameReadable(_ completion: Completion) {
    let wasEnding = completion.isLast && state.input.operationEnded()
    if completion.result >= 0 {
      state.input.way.mayBeReadable = true
      if let reader {
        loop.resume(reader)
      } else if filter == nil && state.takesUnasked {
        // With a filter this poll is ending; what has come is for the receive that follows, and so for the filter.
        receiveUnasked()
        if inputIsOver { watcher?.inputEnded() }
      }
      // Level-triggered: what is over would be told for ever.
      if inputIsOver { cancelReceiving() }
      follow(.input, isLast: completion.isLast, wasEnding: wasEnding)
    } else if completion.result != SystemError.Code.canceled.result {
      endInput(with: SystemError("poll", waitDescription, result: completion.result))
    } else {
      follow(.cancelled, isLast: true, wasEnding: wasEnding)
    }
    if state.isClosing { closeIfIdle() }
  }

  /// Takes in what arrived while nobody waits for it.
  private func receiveUnasked() {
    if let consumer { return receive(for: consumer) }
    receiveIntoInput(upTo: 64 * 1024)
    if input.count > 2 * limit { pauseReceiving() }
  }

  // MARK: - Pulling

  /// Receives what is there into the input, a bounded number of times: a peer may send as fast as this receives.
  /// Returns whether `needed` bytes are unread, or there will be no more.
  func pull(_ needed: Int) -> Bool {
    var receives = 0
    while state.input.way.mayBeReadable && input.count < needed && !inputIsOver && receives < PieceSizes.mostReceives {
      receives += 1
      // No more at a time than is likely to be there: how much is needed may be what a peer says.
      receiveIntoInput(upTo: min(max(64 * 1024, needed - input.count), PieceSizes.largest))
    }
    return input.count >= needed || inputIsOver
  }

  /// Takes in what is there before the user closes the stream, who may read it still.
  func takeArrived() {
    guard isSocket, filter == nil, consumer == nil, !state.input.isLent, polls || !state.input.hasOperation else {
      return
    }
    state.input.way.mayBeReadable = true
    while state.input.way.mayBeReadable && input.count <= 2 * limit && !inputIsOver {
      receiveIntoInput(upTo: 64 * 1024)
    }
  }

  /// Receives what has arrived, without waiting; with it the descriptors that a Unix socket's user expects.
  func receiveNow(into room: UnsafeMutableRawBufferPointer) -> Int {
    unsafe passing?.receive(into: room, from: number) ?? loop.sockets.receive(into: room, from: number)
  }

  private func receiveIntoInput(upTo capacity: Int) {
    var result = 0
    if pieces.isLarge {
      _ = unsafe input.append(upTo: capacity) { room in
        result = unsafe receiveNow(into: room)
        return max(0, result)
      }
      pulled(result, of: capacity)
    } else {
      unsafe loop.streamBuffers.withScratch { scratch in
        result = unsafe receiveNow(into: scratch)
        if result > 0 { unsafe input.append(UnsafeRawBufferPointer(rebasing: scratch[..<result])) }
        pulled(result, of: scratch.count)
      }
    }
  }

  /// Receives what is there into the array, instead of what it held. Nil if that is nothing, or not known to be
  /// something.
  func pull(into buffer: inout [UInt8], upTo count: Int) -> Int? {
    guard state.input.way.mayBeReadable, !inputIsOver else { return nil }
    var result = 0
    if pieces.isLarge {
      buffer.removeAll(keepingCapacity: true)
      buffer.append(addingCapacity: count) { span in
        unsafe span.withUnsafeMutableBufferPointer { room, initialized in
          let room = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[..<count])
          result = unsafe receiveNow(into: room)
          initialized = max(0, result)
        }
      }
      pulled(result, of: count)
    } else {
      unsafe loop.streamBuffers.withScratch { scratch in
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(count, scratch.count)])
        result = unsafe receiveNow(into: room)
        if result > 0 {
          buffer.removeAll(keepingCapacity: true)
          unsafe buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<result]))
        }
        pulled(result, of: room.count)
      }
    }
    return result > 0 ? result : nil
  }

  func pulled(_ result: Int, of capacity: Int) {
    if result > 0 {
      state.input.count(result)
      state.input.isUnanswered = true
      state.input.way.mayBeReadable = result >= capacity
      if pieces.pulled(result) && !loop.sockets.prefersReadiness && passing == nil { setPulling(false) }
    } else if result == 0 {
      if let loss = lossBehindEnd { return failInput(loss) }
      state.input.peerEnded()
    } else if SystemError.Code(rawValue: Int32(-result)).isTemporary {
      state.input.way.mayBeReadable = false
    } else {
      failInput(SystemError("receive", waitDescription, result: result))
    }
  }
}
