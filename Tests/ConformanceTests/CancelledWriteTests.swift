// SPDX-License-Identifier: Apache-2.0
// Many writers on one stream, cancelled at any moment: before the write begins, while it waits for room, after. Bytes
// that a write has taken arrive whole and once, in the order of taking, whatever the write returned.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Cancelled writes", .timeLimit(.minutes(2))) struct CancelledWriteTests {
  @Test(
    arguments: StreamKindTests.all,
    [1, 2] as [UInt64])
  func `arrive whole or not at all, once and in order, whenever they are cancelled`(
    _ what: StreamCase, seed: UInt64
  ) async throws {
    try await what.withStreams { near, far in
      let ledger = WriteLedger()
      let reading = Task { try await ledger.readAll(far, SeededRandom(seed: seed)) }
      try await ledger.writeFromEverywhere(near, seed: seed)
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
      let ledger = WriteLedger()
      let reading = Task { try await ledger.readAll(far, SeededRandom(seed: 3)) }
      let writing = Task { try await ledger.writeFromEverywhere(near, seed: 3) }
      try await turns { ledger.arrived > 20 }
      near.abort()
      _ = await writing.result
      // The peer of a socket usually sees a reset.
      _ = await reading.result
      #expect(ledger.fault == nil)
    }
  }
}
