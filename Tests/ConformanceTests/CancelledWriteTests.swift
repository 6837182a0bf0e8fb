// SPDX-License-Identifier: Apache-2.0
// Many writers on one stream, cancelled at any moment: before the write begins, while it waits for room, after. Bytes
// that a write has taken arrive whole and once, in the order of taking, whatever the write returned.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import Synchronization
import Testing

@Suite("Cancelled writes", .timeLimit(.minutes(2))) struct CancelledWriteTests {
  @Test(
    arguments: StreamKindTests.all,
    [1, 2] as [UInt64])
  func `arrive whole or not at all, once and in order, whenever they are cancelled`(
    _ what: StreamCase, seed: UInt64
  ) async throws {
    try await what.withStreams { near, far in
      let ledger = Ledger()
      let reading = Task { try await ledger.readAll(far, SeededRandom(seed: seed)) }
      try await writeFromEverywhere(near, ledger, seed: seed)
      try await near.writeEOF()
      try await reading.value
      #expect(ledger.fault == nil)
      #expect(ledger.missing.isEmpty, "were written and have not arrived: \(ledger.missing)")
      // Otherwise the test would prove nothing.
      #expect(ledger.cancelled > 10 && ledger.cancelledAndArrived > 10)
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `and before an abort they are a beginning of that`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let ledger = Ledger()
      let reading = Task { try await ledger.readAll(far, SeededRandom(seed: 3)) }
      let writing = Task { try await writeFromEverywhere(near, ledger, seed: 3) }
      try await turns { ledger.arrived > 20 }
      near.abort()
      _ = await writing.result
      // The peer of a socket usually sees a reset.
      _ = await reading.result
      #expect(ledger.fault == nil)
    }
  }

  private func writeFromEverywhere(_ stream: ByteStream, _ ledger: Ledger, seed: UInt64) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          var random = SeededRandom(seed: seed &* 1000 &+ UInt64(writer))
          for number in 0..<25 {
            let record = Record(writer: writer, number: number, size: Int.random(in: 0...190_000, using: &random))
            let writing = Task { try await stream.write(record.bytes) }
            let isCancelled = Bool.random(using: &random)
            if isCancelled {
              for _ in 0..<Int.random(in: 0...6, using: &random) { try await sleep(.zero) }
              if Bool.random(using: &random) {
                try await sleep(.microseconds(Int.random(in: 0...300, using: &random)))
              }
              writing.cancel()
            }
            do {
              try await writing.value
              ledger.wrote(record)
            } catch is CancellationError {
              ledger.wasCancelled(record)
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

/// The bytes of one write, which follow from its numbers.
private struct Record: Hashable, CustomStringConvertible {
  static let header = 12
  private static let content = pattern(300_000)

  let writer: Int
  let number: Int
  let size: Int

  init(writer: Int, number: Int, size: Int) {
    self.writer = writer
    self.number = number
    self.size = size
  }

  /// Reads a header. Nil if its numbers belong to no writer.
  init?(_ header: ArraySlice<UInt8>) {
    let words = stride(from: header.startIndex, to: header.endIndex, by: 4).map { start in
      header[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
    guard words[0] < 8, words[1] < 25, words[2] <= 190_000 else { return nil }
    self.init(writer: words[0], number: words[1], size: words[2])
  }

  var body: ArraySlice<UInt8> {
    let start = (writer * 25 + number) * 499
    return Self.content[start..<(start + size)]
  }

  var bytes: [UInt8] {
    [writer, number, size].flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } } + body
  }

  var description: String { "\(writer).\(number) (\(size) bytes)" }
}

/// The records that were written and that have arrived. On the loop of the streams.
private final class Ledger: Sendable {
  private struct State {
    var written: Set<Record> = []
    var cancelled: Set<Record> = []
    var arrived: Set<Record> = []
    var last = [Int](repeating: -1, count: 8)
    var fault: String?
  }

  private let state = Mutex(State())

  var fault: String? { state.withLock { $0.fault } }
  var arrived: Int { state.withLock { $0.arrived.count } }
  var missing: Set<Record> { state.withLock { $0.written.subtracting($0.arrived) } }
  var cancelled: Int { state.withLock { $0.cancelled.count } }
  var cancelledAndArrived: Int { state.withLock { $0.cancelled.intersection($0.arrived).count } }

  func wrote(_ record: Record) { _ = state.withLock { $0.written.insert(record) } }
  func wasCancelled(_ record: Record) { _ = state.withLock { $0.cancelled.insert(record) } }

  /// Reads to the end, in pieces of all sizes and with pauses, and compares each record with the expected one.
  func readAll(_ stream: ByteStream, _ seeded: SeededRandom) async throws {
    var random = seeded
    var unread: [UInt8] = []
    // A reset may leave the beginning of a record.
    defer { take(&unread, isOver: true) }
    while fault == nil {
      let piece = try await stream.read(upTo: Int.random(in: 1...150_000, using: &random))
      if piece.isEmpty { return }
      unread += piece
      take(&unread, isOver: false)
      // Slower than the writers, so that writes wait.
      try await sleep(.milliseconds(1))
    }
  }

  private func take(_ unread: inout [UInt8], isOver: Bool) {
    var start = 0
    defer { unread.removeFirst(start) }
    while unread.count - start >= Record.header {
      let body = start + Record.header
      guard let record = Record(unread[start..<body]) else { return fail("there is no such record") }
      let count = min(record.size, unread.count - body)
      if count < record.size && !isOver { return }
      guard same(unread[body..<(body + count)], record.body.prefix(count)) else { return fail("\(record) differs") }
      if count < record.size { return }
      start = body + count
      state.withLock { state in
        if !state.arrived.insert(record).inserted { state.fault = "\(record) has arrived twice" }
        if record.number <= state.last[record.writer] { state.fault = "\(record) has come too late" }
        state.last[record.writer] = record.number
      }
    }
  }

  private func fail(_ fault: String) { state.withLock { $0.fault = fault } }

  private func same(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        left.count == right.count && (left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
      }
    }
  }
}
