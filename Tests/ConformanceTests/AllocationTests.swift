// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import CAllocationCounter
import TestSupport
import Testing

/// The allocations of reading and writing. On the kernel's backends: the simulated network keeps its packets on the
/// heap.
@Suite("Allocations of streams") struct AllocationTests {
  private static let many = 2000
  /// Allowed for one-time allocations, such as a table that grows: under a hundredth of one allocation for each round.
  private static let few = 15

  @Test(arguments: JobOrderTests.ordered)
  func `reads and writes with a buffer of the caller's allocate nothing`(backend: BackendKind) async throws {
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

  @Test(arguments: JobOrderTests.ordered)
  func `datagrams in a buffer of the caller's allocate nothing`(backend: BackendKind) async throws {
    let count = try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      let echoing = Task {
        var buffer: [UInt8] = []
        for _ in 0..<(2 * Self.many) {
          let envelope = try await server.receive(into: &buffer)
          try await server.send(buffer, to: envelope.peer)
        }
      }
      let message = pattern(1024)
      var buffer: [UInt8] = []
      for round in 0..<(2 * Self.many) {
        if round == Self.many { allocation_count_begin() }
        try await client.send(message)
        try await client.receive(into: &buffer)
      }
      let count = allocation_count_end()
      try await echoing.value
      server.close()
      client.close()
      return count
    }
    #expect(count < Self.few)
  }

  @Test(arguments: JobOrderTests.ordered)
  func `batches of datagrams allocate nothing`(backend: BackendKind) async throws {
    let count = try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      let message = pattern(100)
      var sent = DatagramBatch()
      var received = DatagramBatch()
      for round in 0..<200 {
        if round == 100 { allocation_count_begin() }
        for _ in 0..<40 { sent.append(message) }
        try await client.send(&sent)
        var count = 0
        while count < 40 { count += try await server.receive(into: &received) }
      }
      let count = allocation_count_end()
      server.close()
      client.close()
      return count
    }
    #expect(count < Self.few)
  }
}
