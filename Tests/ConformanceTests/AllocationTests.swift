// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import CAllocationCounter
import Testing

/// What reading and writing allocate. On kernel backends: the simulated network keeps its packets on the heap.
@Suite("Allocations of streams") struct AllocationTests {
  private static let many = 2000
  /// What may come once, such as a table that grows; less than a hundredth of what an allocation each would be.
  private static let few = 15

  @Test("reads and writes with a buffer of the caller's allocate nothing", arguments: JobOrderTests.ordered)
  func readsAndWritesAllocateNothing(backend: BackendKind) async throws {
    let count = try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let echoing = Task {
        var buffer: [UInt8] = []
        while try await pair.accepted.reader.read(into: &buffer) > 0 { try await pair.accepted.writer.write(buffer) }
      }
      let message = pattern(1024)
      var buffer: [UInt8] = []
      // The first rounds warm up.
      for round in 0..<(2 * Self.many) {
        if round == Self.many { allocation_count_begin() }
        try await pair.client.writer.write(message)
        var received = 0
        while received < message.count { received += try await pair.client.reader.read(into: &buffer) }
      }
      let count = allocation_count_end()
      try await pair.client.writer.close()
      try await echoing.value
      try await pair.close()
      return count
    }
    #expect(count < Self.few)
  }
}
