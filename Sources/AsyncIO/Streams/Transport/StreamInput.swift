// SPDX-License-Identifier: Apache-2.0
// What has arrived at a stream and was not read yet: one block of memory with the unread bytes in its middle. The block
// comes from the loop's pool with the first bytes and goes back when they were read, so an idle stream has none.
//
// A value that does no I/O and waits for nothing. It belongs to the thread of its stream's loop, as the pool does.

import AsyncIOCore
import Glibc

/// `@safe`: the block is this value's own, and every access stays within it.
@safe struct StreamInput: ~Copyable {
  private var block = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0
  private let pool: BufferPool

  init(pool: BufferPool) { self.pool = pool }

  deinit { unsafe pool.give(block) }

  var count: Int { end - start }
  var isEmpty: Bool { start == end }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if unsafe end + bytes.count > block.count { makeRoom(for: bytes.count) }
    unsafe block.baseAddress!.advanced(by: end).copyMemory(from: source, byteCount: bytes.count)
    end += bytes.count
  }

  /// Room for `capacity` bytes or more behind the unread ones; the body returns how many of them it wrote.
  mutating func append(
    upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int
  ) rethrows -> Int {
    if unsafe end + capacity > block.count { makeRoom(for: capacity) }
    defer { if start == end { drop(0) } }
    let count = try unsafe body(UnsafeMutableRawBufferPointer(rebasing: block[end...]))
    end += count
    return count
  }

  private mutating func makeRoom(for more: Int) {
    let count = count
    if unsafe count + more <= block.count && start >= count {
      // The free space at the front suffices, and what moves is no more than what was read.
      unsafe block.baseAddress!.copyMemory(from: block.baseAddress! + start, byteCount: count)
    } else {
      let larger = unsafe pool.take(atLeast: max(count + more, count * 2))
      if count > 0 { unsafe larger.baseAddress!.copyMemory(from: block.baseAddress! + start, byteCount: count) }
      unsafe pool.give(block)
      unsafe block = unsafe larger
    }
    start = 0
    end = count
  }

  /// The unread bytes; until the next mutation.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: block[start..<end]) }

  /// Forgets the first bytes.
  mutating func drop(_ count: Int) {
    start += count
    if start == end {
      unsafe pool.give(block)
      unsafe block = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
      start = 0
      end = 0
    }
  }

  /// Takes the first bytes out.
  mutating func take(_ count: Int) -> [UInt8] {
    let taken = unsafe [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    drop(count)
    return taken
  }

  /// Takes up to `limit` bytes out into an array whose memory is used again.
  mutating func take(upTo limit: Int, into array: inout [UInt8]) -> Int {
    let taken = min(limit, count)
    array.removeAll(keepingCapacity: true)
    unsafe array.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
    drop(taken)
    return taken
  }

  /// Where the first separator ends, searching from `offset`; nil if it has not arrived yet.
  func endOfFirst(_ separator: [UInt8], from offset: Int) -> Int? {
    let bytes = unsafe bytes
    guard let base = bytes.baseAddress, let last = separator.last else { return nil }
    // The last byte decides where to look closer: it is usually rare, and memchr is the fastest search there is.
    var position = offset + separator.count - 1
    while position < bytes.count {
      guard let found = unsafe memchr(base + position, Int32(last), bytes.count - position) else { return nil }
      let index = unsafe UnsafeRawPointer(found) - base
      let begin = index - separator.count + 1
      if unsafe separator.withUnsafeBytes({ unsafe memcmp($0.baseAddress!, base + begin, separator.count) }) == 0 {
        return index + 1
      }
      position = index + 1
    }
    return nil
  }
}
