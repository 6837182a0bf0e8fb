// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

private final class SilentSink: OperationSink {
  func complete(_ operation: OperationID, _ completion: Completion) {}
}

@Suite struct TableTests {
  @Test func `an operation's name finds its record until the operation is over, and never another's`() {
    var table = OperationTable()
    let sink = SilentSink()
    var ids: [OperationID] = []
    for index in 0..<300 {
      let record = table.allocate(.poll, descriptor: Int32(index), sink: sink)
      ids.append(record.pointee.id)
    }
    #expect(table.inFlight == 300)
    for (index, id) in ids.enumerated() { #expect(table.record(id)?.pointee.descriptor == Int32(index)) }
    for id in ids where id.index % 2 == 0 {
      if let record = table.record(id) { table.free(record) }
    }
    #expect(table.inFlight == 150)
    for id in ids { #expect((table.record(id) != nil) == (id.index % 2 != 0)) }
    let again = (0..<150).map { _ in table.allocate(.poll, descriptor: -1, sink: sink).pointee.id }
    #expect(Set(again.map(\.index)) == Set(ids.filter { $0.index % 2 == 0 }.map(\.index)))
    for id in ids where id.index % 2 == 0 { #expect(table.record(id) == nil) }
    var seen = 0
    table.forEachInFlight { _ in seen += 1 }
    #expect(seen == 300)
  }

  @Test func `an operation's name survives the kernel's 64 bits`() {
    let id = OperationID(index: 0xffff_fff0, generation: 0x8000_0001)
    #expect(OperationID(userData: id.userData) == id)
  }

  @Test func `a free operation holds nothing of its last one`() {
    var table = OperationTable()
    let owner = SilentSink()
    weak var kept: SilentSink?
    do {
      let sink = SilentSink()
      kept = sink
      let record = table.allocate(.send, descriptor: 1, sink: sink)
      record.pointee.owner = owner
      record.pointee.count = 5
      table.free(record)
    }
    #expect(kept == nil)
  }

  @Test(arguments: backends) func `a wait's name is stale once it is over`(backend: BackendKind) async throws {
    try await onLoop(backend) { loop in
      let first = loop.beginWait(WaitReason("test"))
      #expect(loop.resume(first, 5))
      #expect(!loop.resume(first, 6))
      loop.cancelWait(first)
      #expect(await loop.wait(first) == .resumed(5))
      #expect(!loop.resume(first))
      let second = loop.beginWait(WaitReason("test"))
      #expect(second.index == first.index && second != first)
      #expect(!loop.resume(first))
      loop.cancelWait(first)
      #expect(loop.resume(second, 7))
      #expect(await loop.wait(second) == .resumed(7))
    }
  }

  @Test(arguments: backends) func `a thousand waits at once each get their own result`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      let waits = (0..<1000).map { _ in loop.beginWait(WaitReason("test")) }
      let sum = try await withThrowingTaskGroup(of: Bool.self) { group in
        for (index, wait) in waits.enumerated() {
          group.addTask { await loop.wait(wait) == .resumed(index) }
        }
        while loop.statistics.waiting < 1000 || loop.hasReadyJobs { await loop.yield() }
        for (index, wait) in waits.enumerated().reversed() { #expect(loop.resume(wait, index)) }
        return try await group.reduce(0) { $1 ? $0 + 1 : $0 }
      }
      #expect(sum == 1000)
      #expect(loop.statistics.waiting == 0)
    }
  }

  @Test func `a buffer that was given back is the next one handed out`() {
    let pool = BufferPool()
    let first = pool.take(atLeast: 1)
    #expect(first.count == BufferPool.smallest)
    let second = pool.take(atLeast: 5000)
    #expect(second.count == 8192)
    pool.give(first)
    pool.give(second)
    let again = pool.take(atLeast: 4096)
    #expect(again.baseAddress == first.baseAddress)
    let larger = pool.take(atLeast: 4097)
    #expect(larger.baseAddress == second.baseAddress && larger.count == 8192)
    let other = pool.take(atLeast: 4096)
    #expect(other.baseAddress != first.baseAddress)
    for block in [again, larger, other] { pool.give(block) }
  }

  @Test func `a buffer above the largest class is as large as asked for, and not kept`() {
    let pool = BufferPool()
    let block = pool.take(atLeast: (1 << 20) + 1)
    #expect(block.count == 1 << 21)
    block[block.count - 1] = 1
    pool.give(block)
    let largest = pool.take(atLeast: 1 << 20)
    #expect(largest.count == 1 << 20)
    pool.give(largest)
  }
}
