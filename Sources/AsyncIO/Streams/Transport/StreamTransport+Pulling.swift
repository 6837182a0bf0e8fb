// SPDX-License-Identifier: Apache-2.0
// How large pieces come in. What a receive operation delivers is copied out of the backend's buffer: that is cheap for a
// kilobyte, and its price for many connections is no buffer for any that is idle. Of 64 KiB it is a fifth of all that a
// message costs, and the copy out of the stream's input into the reader's memory another. So a stream whose pieces are
// large waits for readiness only, and its reader pulls the bytes from the kernel to where they are wanted. Small pieces
// turn it back.
//
// A pull that gets less than it asked for has emptied the socket: the next one waits for readiness first. That is told
// for as long as it lasts, so nothing is missed; nobody asks for it while nobody reads.

import AsyncIOCore
import Glibc

struct Pulling {
  /// From this size on a piece counts as large.
  static let large = 16 * 1024
  /// How many large pieces turn it on, and how many small ones in a row off.
  private static let patience: UInt8 = 4
  private static let smallPatience: UInt8 = 32
  private static let small = 4096
  /// The most that is pulled at a time.
  static let largest = 1 << 20

  /// The stream waits for readiness, and its reader receives.
  var isOn = false
  /// It is to, once the operation in flight has ended.
  var isWanted = false
  /// Whether it is worth a try.
  var mayBeReadable = false
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
    if isSocket && filter == nil && pulling.largePieceArrived() { setPulling(true) }
  }

  /// Changes how the input comes: now, or when the operation of the other way has ended.
  func setPulling(_ wanted: Bool) {
    pulling.isWanted = wanted
    guard pulling.isOn != wanted else { return }
    if let receiving {
      if receivingIsEnding { return }
      receivingIsEnding = true
      loop.cancel(receiving)
    } else {
      applyPulling()
      if wantsMore { startReceiving() }
    }
  }

  /// No operation is in flight.
  func applyPulling() {
    guard pulling.isOn != pulling.isWanted else { return }
    pulling.isOn = pulling.isWanted
    pulling.mayBeReadable = true
    receivingIsPaused = false
  }

  // MARK: - Readiness

  func becameReadable(_ completion: Completion) {
    let wasEnding = receivingIsEnding
    if completion.isLast {
      receiving = nil
      receivingIsEnding = false
      applyPulling()
    }
    if completion.result >= 0 {
      pulling.mayBeReadable = true
      if let reader {
        loop.unpark(reader)
      } else if let receiving, !receivingIsEnding {
        receivingIsEnding = true
        loop.cancel(receiving)
      }
    } else if completion.result != SystemError.Code.canceled.result {
      endInput(with: SystemError("poll", waitDescription, result: completion.result))
    } else if wasEnding {
      if wantsMore { startReceiving() }
    } else if state == .open {
      // The loop ends.
      endInput(with: StreamError.aborted)
    }
    if state == .closing { closeIfIdle() }
  }

  // MARK: - Pulling

  /// Receives what is there into the input. Returns whether `needed` bytes are unread, or there will be no more.
  func pull(_ needed: Int) -> Bool {
    while pulling.mayBeReadable && input.count < needed && !inputIsOver {
      let capacity = max(64 * 1024, needed - input.count)
      var result = 0
      _ = input.append(upTo: capacity) { room in
        result = loop.driver.receive(into: room, from: number)
        return max(0, result)
      }
      pulled(result, of: capacity)
    }
    return input.count >= needed || inputIsOver
  }

  /// Receives what is there into the array, instead of what it held. Nil if that is nothing, or not known to be something.
  func pull(into buffer: inout [UInt8], upTo count: Int) -> Int? {
    guard pulling.mayBeReadable, !inputIsOver else { return nil }
    buffer.removeAll(keepingCapacity: true)
    var result = 0
    buffer.append(addingCapacity: count) { span in
      span.withUnsafeMutableBufferPointer { room, initialized in
        let room = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[..<count])
        result = loop.driver.receive(into: room, from: number)
        initialized = max(0, result)
      }
    }
    pulled(result, of: count)
    return result > 0 ? result : nil
  }

  private func pulled(_ result: Int, of capacity: Int) {
    if result > 0 {
      pulling.mayBeReadable = result >= capacity
      if pulling.pulled(result) { setPulling(false) }
    } else if result == 0 {
      reachedEnd = true
    } else if SystemError.Code(rawValue: Int32(-result)).isTemporary {
      pulling.mayBeReadable = false
    } else {
      endInput(with: SystemError("receive", waitDescription, result: result))
    }
  }
}
