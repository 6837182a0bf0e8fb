// SPDX-License-Identifier: Apache-2.0
// What was written to a stream and has not left yet. Two blocks at most: one that the kernel is sending, which must not
// move, and one that collects what is written meanwhile. Most writes never get here: they leave at once.
//
// A value that does no I/O. It belongs to the thread of its stream's loop.

import AsyncIOCore

/// Bytes on their way to the kernel, kept in place by whoever holds the object.
final class OutputBlock {
  private let memory: UnsafeMutableRawBufferPointer
  private let pool: BufferPool
  private(set) var count = 0

  init(capacity: Int, pool: BufferPool) {
    memory = pool.take(atLeast: capacity)
    self.pool = pool
  }

  deinit { pool.give(memory) }

  var room: Int { memory.count - count }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    memory.baseAddress!.advanced(by: count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }
}

struct StreamOutput {
  private var sending: OutputBlock?
  private var collected: OutputBlock?
  private let pool: BufferPool

  init(pool: BufferPool) { self.pool = pool }

  /// Bytes that have not left.
  var count: Int { (sending?.count ?? 0) + (collected?.count ?? 0) }
  var isEmpty: Bool { sending == nil && collected == nil }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if let collected, collected.room >= bytes.count {
      collected.append(bytes)
      return
    }
    let larger = OutputBlock(capacity: max((collected?.count ?? 0) * 2, (collected?.count ?? 0) + bytes.count), pool: pool)
    if let collected { larger.append(collected.bytes) }
    larger.append(bytes)
    collected = larger
  }

  /// The block to send next, if none is being sent.
  mutating func startSending() -> OutputBlock? {
    guard sending == nil, let next = collected else { return nil }
    sending = next
    collected = nil
    return next
  }

  /// The block that was being sent has left.
  mutating func finishSending() { sending = nil }

  /// The connection is lost; nothing will leave any more.
  mutating func discard() {
    sending = nil
    collected = nil
  }
}
