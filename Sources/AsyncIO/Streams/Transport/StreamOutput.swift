// SPDX-License-Identifier: Apache-2.0
// What was written to a stream and has not left yet. Two blocks at most: one that the kernel is sending, which must not
// move, and one that collects what is written meanwhile. A block's memory comes from the loop's pool with its first
// bytes and goes back when they have left; the block itself is used again, so writing allocates nothing.
//
// A value that does no I/O. It belongs to the thread of its stream's loop.

import AsyncIOCore

/// Bytes on their way to the kernel. They stay in place while a reference to the object exists.
/// `@safe`: the memory is this object's own, and every access stays within it.
@safe final class OutputBlock {
  private let pool: BufferPool
  @safe @exclusivity(unchecked) private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  @safe @exclusivity(unchecked) private(set) var count = 0

  init(pool: BufferPool) { self.pool = pool }

  deinit { unsafe pool.give(memory) }

  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if count + bytes.count > memory.count { grow(by: bytes.count) }
    unsafe memory.baseAddress!.advanced(by: count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  private func grow(by more: Int) {
    let larger = unsafe pool.take(atLeast: max(count + more, count * 2))
    if let base = memory.baseAddress { unsafe larger.baseAddress!.copyMemory(from: base, byteCount: count) }
    unsafe pool.give(memory)
    memory = unsafe larger
  }

  /// Forgets the bytes and gives the memory back.
  func clear() {
    unsafe pool.give(memory)
    memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    count = 0
  }
}

struct StreamOutput {
  private var sending: OutputBlock?
  private var collected: OutputBlock?
  /// An empty block, to be used again.
  private var spare: OutputBlock?
  private let pool: BufferPool

  init(pool: BufferPool) { self.pool = pool }

  /// Bytes that have not left.
  var count: Int { (sending?.count ?? 0) + (collected?.count ?? 0) }
  var isEmpty: Bool { sending == nil && collected == nil }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    let block = collected ?? spare.take() ?? OutputBlock(pool: pool)
    unsafe block.append(bytes)
    collected = block
  }

  /// Puts bytes before those that were not yet given to the kernel.
  mutating func prepend(_ bytes: UnsafeRawBufferPointer) {
    let later = collected.take()
    unsafe append(bytes)
    if let later { unsafe append(later.bytes) }
  }

  /// The block to send next, if none is being sent.
  mutating func startSending() -> OutputBlock? {
    guard sending == nil, let next = collected.take() else { return nil }
    sending = next
    return next
  }

  /// The block that was being sent has left.
  mutating func finishSending() {
    guard let sent = sending.take() else { return }
    sent.clear()
    if spare == nil { spare = sent }
  }

  /// The connection is lost; nothing will leave any more. What is being sent stays in place for as long as its
  /// operation holds it.
  mutating func discard() {
    sending = nil
    collected = nil
  }
}
