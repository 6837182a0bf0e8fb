// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import Glibc
import Testing

@testable import AsyncIOCore

/// Counts the allocations of the loop's thread in the body, which stays on it. A first call warms up.
private func allocations(_ body: () async throws -> Void) async rethrows -> Int {
  try await body()
  allocation_count_begin()
  defer { _ = allocation_count_end() }
  try await body()
  return allocation_count_end()
}

@Suite struct AllocationTests {
  /// Allowed for one-time allocations, such as an array that grows: a thousandth of one allocation for each operation.
  private let few = 10
  private let many = 10_000

  @Test func `an allocation on this thread is counted`() {
    allocation_count_begin()
    let block = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 8)
    let aligned = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 64)
    let count = allocation_count_end()
    block.deallocate()
    aligned.deallocate()
    #expect(count == 2)
  }

  @Test(arguments: backends) func `yields allocate nothing`(backend: BackendKind) async throws {
    let count = try await onLoop(backend) { loop in
      await allocations { for _ in 0..<many { await loop.yield() } }
    }
    #expect(count < few)
  }

  @Test(arguments: backends) func `sleeps allocate nothing`(backend: BackendKind) async throws {
    let count = try await onLoop(backend) { loop in
      try await allocations { for _ in 0..<many { try await loop.sleep(.microseconds(1)) } }
    }
    #expect(count < few)
  }

  @Test(arguments: backends) func `timers that are cancelled allocate nothing`(backend: BackendKind) async throws {
    let count = try await onLoop(backend) { loop in
      await allocations {
        for _ in 0..<many {
          let wait = loop.beginWait(WaitReason("test"))
          let timer = loop.expire(wait, at: .max)
          loop.resume(wait)
          _ = await loop.wait(wait)
          loop.cancel(timer)
        }
      }
    }
    #expect(count < few)
  }

  @Test(arguments: backends) func `polled input allocates nothing`(backend: BackendKind) async throws {
    let count = try await onLoop(backend) { loop in
      let pipe = Pipe()
      let sink = PipeReader(pipe.input)
      let operation = loop.poll(pipe.input, events: 1, sink: sink)
      let count = await allocations {
        for _ in 0..<many / 10 {
          let seen = sink.count
          pipe.write()
          while sink.count == seen { await loop.yield() }
        }
      }
      loop.cancel(operation)
      while !sink.isOver { await loop.yield() }
      return count
    }
    #expect(count < few)
  }
}

private final class PipeReader: OperationSink {
  private let input: Int32
  var count = 0
  var isOver = false

  init(_ input: Int32) { self.input = input }

  func complete(_ operation: OperationID, _ completion: Completion) {
    if completion.isLast { isOver = true }
    guard completion.result > 0 else { return }
    var byte: UInt8 = 0
    precondition(read(input, &byte, 1) == 1, "read: errno \(errno)")
    count += 1
  }
}
