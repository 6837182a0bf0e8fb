// SPDX-License-Identifier: Apache-2.0
// The two rings that a program shares with the kernel (io_uring(7)). Requests go in at the tail of one, results come
// out at the head of the other. One system call submits, waits and takes.
//
// Set up with SINGLE_ISSUER (6.0) and DEFER_TASKRUN (6.1): only this thread submits, and the kernel works out
// completions in this thread's own `enter` and nowhere else. So they interrupt no other system call of ours.
// TASKRUN_FLAG shows in shared memory that such work is there, so a loop that is busy with jobs need not ask. Requests
// die with the thread that submitted them (ECANCELED): the loop's thread lives as long as its ring.
//
// The ring belongs to one thread; move-only, because it owns a descriptor and mapped memory.

import CLinux
import Glibc

@safe struct Ring: ~Copyable {
  // Safe: owns the two mappings that all pointers lie in; indices are masked to their sizes.
  let descriptor: Int32
  private let ringMemory: UnsafeMutableRawPointer
  private let ringSize: Int
  private let entriesMemory: UnsafeMutableRawPointer
  private let entriesSize: Int

  private let submissionHead: UnsafeMutablePointer<UInt32>
  private let submissionTail: UnsafeMutablePointer<UInt32>
  private let submissionFlags: UnsafeMutablePointer<UInt32>
  private let entries: UnsafeMutablePointer<asyncio_uring_sqe>
  private let submissionMask: UInt32
  private let submissionCapacity: UInt32
  private let completionHead: UnsafeMutablePointer<UInt32>
  private let completionTail: UnsafeMutablePointer<UInt32>
  private let completionMask: UInt32
  private let results: UnsafeMutablePointer<asyncio_uring_cqe>
  /// Our end of the submission ring, ahead of what the kernel has been shown.
  private var tail: UInt32
  private var submitted: UInt32

  /// - Throws: `SystemError` if the kernel refuses.
  init(submissions: UInt32, completions: UInt32) throws(SystemError) {
    var parameters = asyncio_uring_params()
    parameters.flags =
      UInt32(ASYNCIO_URING_SETUP_CQSIZE) | UInt32(ASYNCIO_URING_SETUP_CLAMP)
      | UInt32(ASYNCIO_URING_SETUP_SUBMIT_ALL) | UInt32(ASYNCIO_URING_SETUP_TASKRUN_FLAG)
      | UInt32(ASYNCIO_URING_SETUP_SINGLE_ISSUER) | UInt32(ASYNCIO_URING_SETUP_DEFER_TASKRUN)
    parameters.cq_entries = completions
    let descriptor = unsafe asyncio_uring_setup(submissions, &parameters)
    guard descriptor >= 0 else { throw SystemError("io_uring_setup", result: descriptor) }
    let needed = UInt32(ASYNCIO_URING_FEAT_EXT_ARG) | UInt32(ASYNCIO_URING_FEAT_NODROP)
    guard parameters.features & needed == needed else {
      _ = close(descriptor)
      throw SystemError("io_uring_setup", code: SystemError.Code(rawValue: ENOSYS))
    }
    let sq = parameters.sq_off
    let cq = parameters.cq_off
    let ringSize = max(
      Int(sq.array) + Int(parameters.sq_entries) * 4,
      Int(cq.cqes) + Int(parameters.cq_entries) * MemoryLayout<asyncio_uring_cqe>.size)
    let entriesSize = Int(parameters.sq_entries) * MemoryLayout<asyncio_uring_sqe>.size
    let protection = PROT_READ | PROT_WRITE
    let flags = MAP_SHARED | Int32(MAP_POPULATE)
    guard let ring = unsafe mmap(nil, ringSize, protection, flags, descriptor, 0), unsafe ring != MAP_FAILED else {
      let code = errno
      _ = close(descriptor)
      throw SystemError("mmap", "the rings of io_uring", result: -code)
    }
    guard
      let entries = unsafe mmap(
        nil, entriesSize, protection, flags, descriptor, Int(ASYNCIO_URING_OFF_SQES)),
      unsafe entries != MAP_FAILED
    else {
      let code = errno
      unsafe munmap(ring, ringSize)
      _ = close(descriptor)
      throw SystemError("mmap", "the entries of io_uring", result: -code)
    }
    self.descriptor = descriptor
    unsafe ringMemory = ring
    self.ringSize = ringSize
    unsafe entriesMemory = entries
    self.entriesSize = entriesSize
    func word(_ offset: UInt32) -> UnsafeMutablePointer<UInt32> {
      unsafe (ring + Int(offset)).assumingMemoryBound(to: UInt32.self)
    }
    unsafe submissionHead = word(sq.head)
    unsafe submissionTail = word(sq.tail)
    unsafe submissionFlags = word(sq.flags)
    submissionMask = unsafe word(sq.ring_mask).pointee
    submissionCapacity = parameters.sq_entries
    unsafe self.entries = entries.assumingMemoryBound(to: asyncio_uring_sqe.self)
    unsafe completionHead = word(cq.head)
    unsafe completionTail = word(cq.tail)
    completionMask = unsafe word(cq.ring_mask).pointee
    unsafe results = (ring + Int(cq.cqes)).assumingMemoryBound(to: asyncio_uring_cqe.self)
    // The indirection array is the identity, for good.
    let array = unsafe word(sq.array)
    for index in 0..<submissionCapacity { unsafe array[Int(index)] = index }
    tail = unsafe submissionTail.pointee
    submitted = tail
  }

  deinit {
    unsafe munmap(entriesMemory, entriesSize)
    unsafe munmap(ringMemory, ringSize)
    _ = close(descriptor)
  }

  /// Entries that `enter` has not handed over yet.
  var pending: UInt32 { tail &- submitted }

  /// Whether results wait, or the kernel has work that only an `enter` of ours carries out.
  @inline(__always)
  var hasNews: Bool {
    unsafe asyncio_load_acquire(completionTail) != completionHead.pointee
      || asyncio_load_relaxed(submissionFlags)
        & (UInt32(ASYNCIO_URING_SQ_TASKRUN) | UInt32(ASYNCIO_URING_SQ_CQ_OVERFLOW)) != 0
  }

  @inline(__always)
  var hasResults: Bool { unsafe asyncio_load_acquire(completionTail) != completionHead.pointee }

  /// A zeroed entry to fill in, or nil if the ring is full until the next `enter`.
  @inline(__always)
  mutating func nextEntry() -> UnsafeMutablePointer<asyncio_uring_sqe>? {
    guard unsafe tail &- asyncio_load_acquire(submissionHead) < submissionCapacity else { return nil }
    let entry = unsafe entries + Int(tail & submissionMask)
    unsafe entry.initialize(to: asyncio_uring_sqe())
    tail &+= 1
    return unsafe entry
  }

  /// Hands over what is pending; if `waits`, also waits for a result, at most for `nanoseconds` (nil: forever).
  /// Returns what io_uring_enter(2) returns, or a negative errno.
  mutating func enter(waits: Bool, nanoseconds: Int64?) -> Int32 {
    unsafe asyncio_store_release(submissionTail, tail)
    var argument = asyncio_uring_getevents_arg()
    var timeout = asyncio_uring_timespec()
    let flags = UInt32(ASYNCIO_URING_ENTER_GETEVENTS) | UInt32(ASYNCIO_URING_ENTER_EXT_ARG)
    let count = pending
    let result = unsafe withUnsafeMutablePointer(to: &timeout) { timeout in
      if waits, let nanoseconds {
        unsafe timeout.pointee.seconds = nanoseconds / 1_000_000_000
        unsafe timeout.pointee.nanoseconds = nanoseconds % 1_000_000_000
        argument.timespec = UInt64(UInt(bitPattern: timeout))
      }
      return unsafe asyncio_uring_enter(
        descriptor, count, waits ? 1 : 0, flags, &argument, MemoryLayout<asyncio_uring_getevents_arg>.size)
    }
    submitted = unsafe asyncio_load_acquire(submissionHead)
    return result
  }

  /// Asks the kernel for the requests that it knows (IORING_REGISTER_PROBE, 5.6); none if it doesn't say.
  func supportedOpcodes() -> RingOpcodes {
    var probe = asyncio_uring_probe()
    let count = UInt32(ASYNCIO_URING_PROBE_OPCODES)
    guard unsafe asyncio_uring_register(descriptor, UInt32(ASYNCIO_URING_REGISTER_PROBE), &probe, count) >= 0 else {
      return RingOpcodes(known: 0)
    }
    var known: UInt64 = 0
    for opcode in 0..<64 where unsafe asyncio_uring_probe_has(&probe, Int32(opcode)) != 0 { known |= 1 << opcode }
    return RingOpcodes(known: known)
  }

  /// Bounds the threads of the kernel's that wait for disks on behalf of this ring (IORING_REGISTER_IOWQ_MAX_WORKERS,
  /// 5.15). Otherwise there may be as many as processes. A kernel that refuses keeps its own bounds.
  func limitWorkers(bounded: UInt32, unbounded: UInt32) {
    var limits = (bounded, unbounded)
    _ = unsafe asyncio_uring_register(descriptor, UInt32(ASYNCIO_URING_REGISTER_IOWQ_MAX_WORKERS), &limits, 2)
  }

  /// Calls the body with each result there is.
  @inline(__always)
  mutating func takeResult() -> asyncio_uring_cqe? {
    let head = unsafe completionHead.pointee
    guard unsafe asyncio_load_acquire(completionTail) != head else { return nil }
    let result = unsafe results[Int(head & completionMask)]
    unsafe asyncio_store_release(completionHead, head &+ 1)
    return result
  }
}

/// Requests of io_uring, by their numbers.
struct RingOpcodes {
  fileprivate let known: UInt64

  func contains(_ opcode: some BinaryInteger) -> Bool { opcode < 64 && known >> UInt64(opcode) & 1 != 0 }
}
