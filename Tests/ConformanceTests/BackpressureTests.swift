// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Backpressure") struct BackpressureTests {
  @Test(arguments: BackendKind.conforming)
  func `a peer that never reads suspends the writer, with a bounded amount kept`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let progress = Log()
      let chunk = pattern(16_384)
      let writing = Task {
        while true {
          try await pair.client.writer.write(chunk)
          progress.append("chunk")
        }
      }
      // Every task waits, and stays waiting: the writer is stuck.
      var before = -1
      try await turns {
        let now = progress.entries.count
        defer { before = now }
        let isStuck = now == before && pair.client.writer.pendingBytes > 0
        if !isStuck { try await sleep(.milliseconds(5)) }
        return isStuck
      }
      #expect(pair.client.writer.pendingBytes <= 64 * 1024 + chunk.count)
      // The bytes that the writes have taken, including those of the waiting one, still arrive.
      writing.cancel()
      await #expect(throws: CancellationError.self) { try await writing.value }
      let taken = (progress.entries.count + 1) * chunk.count
      let draining = Task { try await pair.accepted.reader.readExactly(taken) }
      let received = try await draining.value
      expectSame(received, Array((0...progress.entries.count).map { _ in chunk }.joined()))
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a reader that never reads makes its peer wait`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair(limit: 1000)
      let bytes = pattern(32_000_000)  // more than the kernel keeps for both ends, as far as it lets buffers grow
      let writing = Task {
        try await pair.client.writer.write(bytes)
        return try await pair.client.writer.close()
      }
      try await turns { pair.client.writer.pendingBytes > 0 }
      expectSame(try await pair.accepted.reader.readToEnd(), bytes)
      try await writing.value
      try await pair.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `several writers of one stream are served, and each write stays whole`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = try await ConnectedPair()
      let writing = (0..<8).map { number in
        Task { for _ in 0..<50 { try await pair.client.writer.write([UInt8](repeating: UInt8(number), count: 4096)) } }
      }
      var counts = [Int](repeating: 0, count: 8)
      for _ in 0..<400 {
        let block = try await pair.accepted.reader.readExactly(4096)
        #expect(Set(block).count == 1)
        counts[Int(block[0])] += 1
      }
      #expect(counts == [Int](repeating: 50, count: 8))
      for task in writing { try await task.value }
      try await pair.close()
    }
  }
}
