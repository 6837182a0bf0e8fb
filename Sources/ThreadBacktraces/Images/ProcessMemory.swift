// SPDX-License-Identifier: Apache-2.0
//
// Everything here reads memory that it does not own. The stack was copied a moment ago, unwind tables may be unmapped
// with their library, and a thread still uses its task's memory. So nothing here is a pointer. An address is a number,
// a read is a copy that the kernel checks, and unreadable memory is nil.

import CLinuxBacktrace

/// This process's memory, overlaid by the copies of one thread's stack and of other words.
package struct ProcessMemory {
  /// The address of the first byte of `stack`.
  var stackAddress: UInt64 = 0
  var stack: [UInt8] = []
  /// Words that were copied in time, by their addresses.
  private var kept: [UInt64: UInt64] = [:]

  package init() {}

  var stackRange: Range<UInt64> { stackAddress..<stackAddress &+ UInt64(stack.count) }

  package func bytes(at address: UInt64, count: Int) -> [UInt8] {
    // The closure initializes exactly the bytes that it reports: as many as were copied into the buffer of `count`.
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = unsafe backtrace_copy_memory(buffer.baseAddress, address, count)
    }
  }

  /// The word at `address`, from the stack's copy if possible: the thread may have moved on.
  package func word(at address: UInt64) -> UInt64? {
    if address >= stackAddress, address &- stackAddress <= UInt64(max(stack.count - 8, 0)), stack.count >= 8 {
      return stack.littleEndian(at: Int(address &- stackAddress), as: UInt64.self)
    }
    return kept[address] ?? bytes(at: address, count: 8).littleEndian(at: 0, as: UInt64.self)
  }

  /// Reads a word and keeps its value of this moment.
  mutating func keepWord(at address: UInt64) -> UInt64? {
    let word = word(at: address)
    if let word, !stackRange.contains(address) { kept[address] = word }
    return word
  }
}

extension [UInt8] {
  /// The number stored at `offset`, or nil beyond the end.
  func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type) -> T? {
    guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
    // In bounds by the check above; any bit pattern is a valid integer.
    return unsafe withUnsafeBytes { unsafe T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  /// The text from `offset` to the next zero byte.
  func string(at offset: Int) -> String? {
    guard offset >= 0, offset < count, let end = self[offset...].firstIndex(of: 0) else { return nil }
    return String(decoding: self[offset..<end], as: UTF8.self)
  }
}
