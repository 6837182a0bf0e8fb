// SPDX-License-Identifier: Apache-2.0

package import AsyncIO
package import AsyncIOCore
import Glibc
import Synchronization

/// The records that were written and that have arrived. On the loop of the streams.
package final class WriteLedger: Sendable {
  private struct State {
    var written: Set<Record> = []
    var cancelled: Set<Record> = []
    var arrived: Set<Record> = []
    var last = [Int](repeating: -1, count: 8)
    var fault: String?
  }

  private let state = Mutex(State())

  package init() {}

  package var fault: String? { state.withLock { $0.fault } }
  package var arrived: Int { state.withLock { $0.arrived.count } }
  package var missing: Set<Record> { state.withLock { $0.written.subtracting($0.arrived) } }
  package var cancelled: Int { state.withLock { $0.cancelled.count } }
  package var cancelledAndArrived: Int { state.withLock { $0.cancelled.intersection($0.arrived).count } }

  private func wrote(_ record: Record) { _ = state.withLock { $0.written.insert(record) } }
  private func wasCancelled(_ record: Record) { _ = state.withLock { $0.cancelled.insert(record) } }

  /// Writes by eight tasks at once, and cancels half of the writes: before they begin, while they wait, afterwards.
  package func writeFromEverywhere(_ stream: ByteStream, seed: UInt64) async throws {
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
              self.wrote(record)
            } catch is CancellationError {
              self.wasCancelled(record)
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Reads to the end, in pieces of all sizes and with pauses, and compares each record with the expected one.
  package func readAll(_ stream: ByteStream, _ seeded: SeededRandom) async throws {
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
