// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import CAllocationCounter
import Testing

/// The allocations of `gather` for each body. A task of the runtime takes three; without optimization there is one more
/// for each body.
@Suite struct GatherAllocationTests {
  private static let count = 2000

  /// Counts the second run: the first one grows the loop's tables.
  private func allocations(
    limit: Int? = nil, _ body: nonisolated(nonsending) @escaping (Int) async throws -> Int
  ) async throws -> Int {
    let elements = Array(0..<Self.count)
    _ = try await gather(elements, limit: limit, body)
    allocation_count_begin()
    let values = try await gather(elements, limit: limit, body)
    let allocations = allocation_count_end()
    #expect(values == elements)
    return allocations
  }

  @Test func `bodies that do not suspend share their tasks`() async throws {
    let count = try await withEventLoop(backend: .epoll) { try await allocations { $0 } }
    #expect(count < 2 * Self.count)
  }

  @Test func `with a limit there are no more tasks than that`() async throws {
    let count = try await withEventLoop(backend: .epoll) {
      try await allocations(limit: 10) {
        try await sleep(.zero)
        return $0
      }
    }
    #expect(count < 2 * Self.count)
  }

  @Test func `a body that waits costs a node and what the runtime wants`() async throws {
    let count = try await withVirtualTime {
      try await allocations {
        try await sleep(.seconds(1))
        return $0
      }
    }
    // The node of each task; and the runtime's task, its closure and its first block of stack.
    #expect((4 * Self.count..<7 * Self.count).contains(count))
  }
}
