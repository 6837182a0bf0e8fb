// SPDX-License-Identifier: Apache-2.0
// One conversation with the echo server, with the fault drawn for it. The bytes that come back must always be those
// that were sent, from the first on and without a gap. Without a fault, all must come back.

import AsyncIO

enum Fault: String, CaseIterable {
  case none, pieces, halfClose, resetInTheMiddle, stall, silence, cancelledReads, dropped, unread
}

struct Conversation {
  let fault: Fault
  let pattern: Pattern
  let size: Int
  let ledger: Ledger

  nonisolated(nonsending) func hold(at port: UInt16, _ dice: inout Dice) async throws {
    let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, timeout: .seconds(5))
    defer { stream.abort() }
    if fault == .silence {
      // Cut off by the server's limit, or by its end.
      let rest = try await stream.readToEnd()
      if !rest.isEmpty { ledger.fault("\(rest.count) bytes for one who said nothing") }
      return
    }
    try await stream.write("\(pattern.seed) \(size)\n")
    var seed = dice
    _ = dice.roll(0..<2)
    let sending = createTask(name: "sends") { [self] in
      try await send(to: stream, &seed)
    }
    do {
      try await receive(from: stream, &dice)
      if fault == .resetInTheMiddle || fault == .dropped { return cancel(sending) }
      try await sending.value
    } catch {
      sending.cancel()
      _ = try? await sending.value
      throw error
    }
    try await stream.close()
    ledger.count("complete")
    ledger.add(bytes: size)
  }

  private func cancel(_ task: TaskHandle<Void>) { task.cancel() }

  private nonisolated(nonsending) func send(to stream: ByteStream, _ dice: inout Dice) async throws {
    var sent = 0
    while sent < size {
      let piece = min(size - sent, fault == .pieces ? dice.roll(1..<50) : dice.roll(1..<200_000))
      try await stream.write(pattern.bytes(sent..<(sent + piece)))
      sent += piece
    }
    if fault == .halfClose { try await stream.writeEOF() }
  }

  private nonisolated(nonsending) func receive(from stream: ByteStream, _ dice: inout Dice) async throws {
    var received = 0
    let turningPoint = fault == .none ? size : dice.roll(0..<(size + 1))
    while received < size {
      if received >= turningPoint {
        switch fault {
        case .resetInTheMiddle:
          stream.abort()
          return
        case .dropped: return
        case .stall: try await sleep(.milliseconds(dice.roll(1..<400)))
        case .unread:
          // Reads nothing more until the server gives up.
          try await sleep(.seconds(4))
          return
        default: break
        }
      }
      let bytes = try await piece(of: stream, upTo: min(size - received, dice.roll(1..<100_000)), &dice)
      if bytes.isEmpty { throw Cut(received: received, of: size) }
      if let place = pattern.firstDifference(bytes, at: received) {
        ledger.fault("\(fault): byte \(place) of \(size) is not the one that was sent")
        return
      }
      received += bytes.count
    }
    if fault == .halfClose {
      let more = try await stream.readToEnd()
      if !more.isEmpty { ledger.fault("\(more.count) bytes more than were sent") }
    }
  }

  private nonisolated(nonsending) func piece(
    of stream: ByteStream, upTo count: Int, _ dice: inout Dice
  ) async throws -> [UInt8] {
    guard fault == .cancelledReads else { return try await stream.read(upTo: count) }
    while true {
      // Most of these are cancelled in the middle of their wait, which must lose no byte.
      let limit = Duration.microseconds(dice.roll(1..<1500))
      do {
        return try await withTimeout(limit) { try await stream.read(upTo: count) }
      } catch is TimeoutError {}
    }
  }

  /// The server ended the connection in an orderly way, before everything was sent.
  struct Cut: Error {
    let received: Int
    let of: Int
  }
}
