// SPDX-License-Identifier: Apache-2.0
// Memory for bytes between the kernel and their reader or on their way to the kernel. Blocks are powers of two and go
// back to a list of their size, last in, first out: the next one handed out is the one still in the cache. So an idle
// stream holds no buffer at all, and a busy loop allocates none.
// Only the loop's own thread touches it.
//
// Benchmark: idle, echo-large.

@safe package final class BufferPool {
  // Safe: owns the blocks on its lists; a block that was taken belongs to the taker, `unsafe` to use.
  package static let smallest = 4096
  /// Larger blocks are returned to the allocator.
  private static let largest = 1 << 20
  private static let kept = 64

  private var free: [[UnsafeMutableRawPointer]]
  private let scratch: UnsafeMutableRawBufferPointer
  @safe @exclusivity(unchecked) private var scratchIsLent = false

  init() {
    unsafe scratch = .allocate(byteCount: 64 * 1024, alignment: 4096)
    let classes = (Self.largest / Self.smallest).trailingZeroBitCount + 1
    unsafe free = Array(repeating: [], count: classes)
    for index in 0..<classes { unsafe free[index].reserveCapacity(Self.kept) }
  }

  deinit {
    unsafe scratch.deallocate()
    unsafe free.forEach { blocks in unsafe blocks.forEach { unsafe $0.deallocate() } }
  }

  /// A block of at least `minimum` bytes.
  package func take(atLeast minimum: Int) -> UnsafeMutableRawBufferPointer {
    var capacity = Self.smallest
    while capacity < minimum { capacity <<= 1 }
    if capacity <= Self.largest, let block = unsafe free[Self.index(capacity)].popLast() {
      return unsafe UnsafeMutableRawBufferPointer(start: block, count: capacity)
    }
    return .allocate(byteCount: capacity, alignment: 64)
  }

  package func give(_ block: UnsafeMutableRawBufferPointer) {
    guard let base = block.baseAddress else { return }
    if block.count <= Self.largest, unsafe free[Self.index(block.count)].count < Self.kept {
      unsafe free[Self.index(block.count)].append(base)
    } else {
      unsafe block.deallocate()
    }
  }

  /// Lends memory of 64 KiB for the time of the call: always the same, so that it stays in the cache. What comes into
  /// it may be lent on to the user's code. That code may start a task which receives from another stream then and
  /// there. Such a call within the call has memory of its own.
  @inline(__always)
  package func withScratch<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    if scratchIsLent { return try unsafe withBlock(body) }
    scratchIsLent = true
    defer { scratchIsLent = false }
    return try unsafe body(scratch)
  }

  @inline(never)
  private func withBlock<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    let block = unsafe take(atLeast: scratch.count)
    defer { unsafe give(block) }
    return try unsafe body(block)
  }

  @inline(__always)
  private static func index(_ capacity: Int) -> Int { (capacity / smallest).trailingZeroBitCount }
}
