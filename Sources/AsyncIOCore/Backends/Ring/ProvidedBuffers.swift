// SPDX-License-Identifier: Apache-2.0
// Buffers that the kernel picks for received data (io_uring_register_buf_ring(3), Linux 5.19): a receive needs none of
// its own while it waits, so an idle connection costs no buffer.
//
// A buffer is ours from the completion that names it until it is given back, which happens right after its bytes were
// handed to their stream. So few are needed: as many as the kernel fills in one `enter`. Few also stay in the cache; it
// takes them in the order in which they were given back.
//
// Benchmark: idle.

import CLinux
import Glibc

@safe struct ProvidedBuffers: ~Copyable {
  // Safe: owns the mapping that both pointers lie in; the slice of a subscript is `unsafe` to use.
  let group: UInt16
  private let size: Int
  private let count: Int
  /// The number of the first one: no two groups of a ring share a number, so a completion need not say which it means.
  let firstIdentifier: UInt16

  private let memory: UnsafeMutableRawPointer
  private let ring: UnsafeMutablePointer<asyncio_uring_buffer>
  private var tail: UInt16 = 0

  private var ringSize: Int { count * MemoryLayout<asyncio_uring_buffer>.size }
  private var memorySize: Int { ringSize + count * size }

  /// What streams receive into.
  init(ring descriptor: Int32) throws(SystemError) {
    try self.init(ring: descriptor, group: 0, count: 64, size: 32768, firstIdentifier: 0)
  }

  init(ring descriptor: Int32, group: UInt16, count: Int, size: Int, firstIdentifier: UInt16) throws(SystemError) {
    let ringSize = count * MemoryLayout<asyncio_uring_buffer>.size
    let memorySize = ringSize + count * size
    let protection = PROT_READ | PROT_WRITE
    guard let memory = unsafe mmap(nil, memorySize, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      unsafe memory != MAP_FAILED
    else { throw SystemError("mmap", "the buffers of io_uring", result: -errno) }
    var registration = asyncio_uring_buffer_registration()
    registration.ring_address = UInt64(UInt(bitPattern: memory))
    registration.ring_entries = UInt32(count)
    registration.group = group
    let result = unsafe asyncio_uring_register(
      descriptor, UInt32(ASYNCIO_URING_REGISTER_PBUF_RING), &registration, 1)
    guard result >= 0 else {
      unsafe munmap(memory, memorySize)
      throw SystemError("io_uring_register", "provided buffers", result: result)
    }
    self.group = group
    self.count = count
    self.size = size
    self.firstIdentifier = firstIdentifier
    unsafe self.memory = memory
    unsafe ring = memory.assumingMemoryBound(to: asyncio_uring_buffer.self)
    for offset in 0..<UInt16(count) { give(firstIdentifier + offset) }
    publish()
  }

  deinit { unsafe munmap(memory, memorySize) }

  subscript(identifier: UInt16, count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: address(identifier), count: count)
  }

  private func address(_ identifier: UInt16) -> UnsafeMutableRawPointer {
    unsafe memory + ringSize + Int(identifier - firstIdentifier) * size
  }

  /// Gives a buffer back; the kernel sees it after `publish`.
  mutating func give(_ identifier: UInt16) {
    // The ring's tail lives in the reserved field of its first entry: write the other fields singly.
    let entry = unsafe ring + Int(tail) % count
    unsafe entry.pointee.address = UInt64(UInt(bitPattern: address(identifier)))
    unsafe entry.pointee.length = UInt32(size)
    unsafe entry.pointee.identifier = identifier
    tail &+= 1
  }

  func publish() {
    let tailOffset = unsafe MemoryLayout<asyncio_uring_buffer>.offset(of: \.reserved).unsafelyUnwrapped
    unsafe asyncio_store_release_16(
      (memory + tailOffset).assumingMemoryBound(to: UInt16.self), tail)
  }
}
