// SPDX-License-Identifier: Apache-2.0
// io_uring as a backend: operations are requests, and completions are completions.
//
// Multishot where one request serves many completions: `accept` (5.19), `receive` with provided buffers (6.0), `poll`
// (5.13). The kernel may end a multishot request for reasons of its own, without F_MORE (a full completion queue, no
// buffer left): it is then submitted again, and the sink never learns. A multishot receive may lose the end of its
// connection: RingBackend+EndPolls.
//
// A request's `user_data` is the operation's id with its generation, so a late completion of something that is over
// finds nothing. Sockets are blocking ones: io_uring waits for them itself, and every direct call says MSG_DONTWAIT.

import CLinux
import Glibc

@safe package final class RingBackend: Backend {
  // Safe: owns the memory behind its pointers, from `init` to `deinit`.
  private let waker: Waker
  private let kernel = KernelSockets(areNonBlocking: false)
  @safe @exclusivity(unchecked) private var ring: Ring
  /// Besides those of `kernel`.
  @safe @exclusivity(unchecked) private var calls = 0
  @safe @exclusivity(unchecked) private var buffers: ProvidedBuffers
  /// Receives whose end poll has told in this turn.
  @safe @exclusivity(unchecked) var hungUp: [OperationID] = []
  /// Which requests this kernel knows, for those that not every kernel with a ring has or allows.
  private let opcodes: RingOpcodes
  /// For sockets of datagrams; made with the first one.
  @safe @exclusivity(unchecked) private var datagrams: RingDatagrams?
  private let wakeBuffer: UnsafeMutablePointer<UInt64>
  /// Whether a write can say that it wants no SIGPIPE. Otherwise the signal is held back while one is in flight.
  private let silentWrites = asyncio_has_silent_writes() != 0
  @safe @exclusivity(unchecked) private var loudWrites = 0

  /// What `user_data` says where it names no operation.
  enum Reserved {
    static let wake = UInt64.max
    static let cancelAnswer = UInt64.max - 1
    static let probe = UInt64.max - 2
  }

  /// - Throws: `SystemError` if this kernel, or a filter in front of it, doesn't give what is needed.
  package init() throws {
    waker = try Waker()
    ring = try Ring(submissions: 512, completions: 8192)
    buffers = try ProvidedBuffers(ring: ring.descriptor)
    unsafe wakeBuffer = .allocate(capacity: 1)
    opcodes = ring.supportedOpcodes()
    ring.limitWorkers(bounded: 4, unbounded: 8)
    try probe()
    armWake()
  }

  deinit { unsafe wakeBuffer.deallocate() }

  package var kind: BackendKind { .ioUring }
  package var now: Int64 { SystemCall.monotonicTime }
  package var sockets: any Sockets { kernel }
  package let processes: any Processes = KernelProcesses(areNonBlocking: false)
  package let fileSystem: any FileSystem = KernelFileSystem()
  package var systemCalls: Int { calls &+ kernel.systemCalls &+ fileSystem.calls }
  package var wakeDescriptor: Int32 { waker.descriptor }
  package func wake() { waker.wake() }

  /// The ring ends with this object, as its requests do with their thread.
  package func close() {}

  /// At a hundred echoing connections a message costs a sixth less CPU so; a single one gains as much by the direct
  /// call.
  /// Benchmark: echo-100, echo-1.
  package func batchesSend(whileJobsAreReady: Bool) -> Bool { whileJobsAreReady || ring.pending != 0 }

  /// A request that really goes through: filters have been seen to allow the setup and deny the rest.
  private func probe() throws {
    let entry = unsafe nextEntry()
    unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_NOP)
    unsafe entry.pointee.user_data = Reserved.probe
    let result = ring.enter(waits: true, nanoseconds: 1_000_000_000)
    guard result >= 0 else { throw SystemError("io_uring_enter", result: result) }
    guard let answer = ring.takeResult(), answer.user_data == Reserved.probe, answer.res == 0 else {
      throw SystemError("io_uring_enter", "no-operation", code: SystemError.Code(rawValue: EIO))
    }
  }

  // MARK: - Submitting

  func nextEntry() -> UnsafeMutablePointer<asyncio_uring_sqe> {
    while true {
      if let entry = unsafe ring.nextEntry() { return unsafe entry }
      calls &+= 1
      let result = enterRing(waits: false, nanoseconds: nil)
      // EBUSY and EAGAIN: the kernel wants its completions taken first; they are kept (FEAT_NODROP) for the next turn.
      require(
        result >= 0 || result == -EINTR || result == -EBUSY || result == -EAGAIN,
        "io_uring_enter failed with errno \(-result)")
    }
  }

  package func submit(_ record: UnsafeMutablePointer<OperationRecord>) {
    let entry = unsafe nextEntry()
    unsafe entry.pointee.fd = record.pointee.descriptor
    unsafe entry.pointee.user_data = record.pointee.id.userData
    switch unsafe record.pointee.kind {
    case .receive:
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_RECV)
      unsafe entry.pointee.flags = UInt8(ASYNCIO_URING_SQE_BUFFER_SELECT)
      let isMultishot = unsafe !record.pointee.endPoll.hasTold
      unsafe entry.pointee.ioprio = isMultishot ? UInt16(ASYNCIO_URING_RECV_MULTISHOT) : 0
      unsafe entry.pointee.buf_group = buffers.group
      unsafe startEndPoll(record)
    case .receiveDatagrams:
      unsafe ringDatagrams.prepare(entry)
    case .send, .sendZeroCopy:
      let opcode = unsafe record.pointee.kind == .send ? ASYNCIO_URING_OP_SEND : ASYNCIO_URING_OP_SEND_ZC
      unsafe entry.pointee.opcode = UInt8(opcode)
      unsafe entry.pointee.addr = UInt64(UInt(bitPattern: record.pointee.pointer))
      unsafe entry.pointee.len = UInt32(clamping: record.pointee.count)
      // MSG_WAITALL: the kernel itself goes on after a short send (5.19).
      unsafe entry.pointee.op_flags = UInt32(MSG_NOSIGNAL) | UInt32(MSG_WAITALL)
    case .read:
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_READ)
      unsafe entry.pointee.flags = UInt8(ASYNCIO_URING_SQE_BUFFER_SELECT)
      unsafe entry.pointee.buf_group = buffers.group
      // The file's own position.
      unsafe entry.pointee.off = .max
    case .write:
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_WRITE)
      unsafe entry.pointee.addr = UInt64(UInt(bitPattern: record.pointee.pointer))
      unsafe entry.pointee.len = UInt32(clamping: record.pointee.count)
      unsafe entry.pointee.off = .max
      if !silentWrites {
        loudWrites += 1
      } else if unsafe !record.pointee.isPlainWrite {
        unsafe entry.pointee.op_flags = UInt32(ASYNCIO_RWF_NOSIGNAL)
      }
    case .accept:
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_ACCEPT)
      unsafe entry.pointee.ioprio = record.pointee.isAcceptOnce ? 0 : UInt16(ASYNCIO_URING_ACCEPT_MULTISHOT)
      unsafe entry.pointee.op_flags = UInt32(SOCK_CLOEXEC.rawValue)
    case .connect:
      let (storage, length) = unsafe record.pointee.address.unsafelyUnwrapped.storage
      if unsafe record.pointee.storage == nil { unsafe record.pointee.storage = .allocate(capacity: 1) }
      unsafe record.pointee.storage.unsafelyUnwrapped.initialize(to: storage)
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_CONNECT)
      unsafe entry.pointee.addr = UInt64(UInt(bitPattern: record.pointee.storage))
      unsafe entry.pointee.off = UInt64(length)
    case .poll:
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_POLL_ADD)
      // Each poll tells once, and is submitted again: a multishot one tells of what arrives, not of what is there.
      unsafe entry.pointee.op_flags = record.pointee.events
    case .readFile, .writeFile:
      let opcode = unsafe record.pointee.kind == .readFile ? ASYNCIO_URING_OP_READ : ASYNCIO_URING_OP_WRITE
      unsafe entry.pointee.opcode = UInt8(opcode)
      unsafe entry.pointee.addr = UInt64(UInt(bitPattern: record.pointee.pointer))
      unsafe entry.pointee.len = UInt32(clamping: record.pointee.count)
      unsafe entry.pointee.off = record.pointee.offset
    case .syncFile:
      unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_FSYNC)
      // IORING_FSYNC_DATASYNC.
      unsafe entry.pointee.op_flags = record.pointee.events
    }
  }

  /// Submits the request again when its descriptor is ready: somebody has made it non-blocking (O_NONBLOCK), and then
  /// the kernel doesn't wait for it.
  private func submitWhenReady(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    guard unsafe record.pointee.state == .submitted else { return unsafe finish(record, -ECANCELED, of: loop) }
    let isOutput = unsafe record.pointee.kind == .send || record.pointee.kind == .write
    unsafe record.pointee.waitsForReadiness = true
    let entry = unsafe nextEntry()
    unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_POLL_ADD)
    unsafe entry.pointee.fd = record.pointee.descriptor
    unsafe entry.pointee.op_flags = UInt32(isOutput ? POLLOUT : POLLIN)
    unsafe entry.pointee.user_data = record.pointee.id.userData
  }

  package func offers(_ kind: OperationKind) -> Bool {
    switch kind {
    case .readFile: opcodes.contains(ASYNCIO_URING_OP_READ)
    case .writeFile: opcodes.contains(ASYNCIO_URING_OP_WRITE)
    case .syncFile: opcodes.contains(ASYNCIO_URING_OP_FSYNC)
    default: true
    }
  }

  package func cancel(_ record: UnsafeMutablePointer<OperationRecord>) {
    unsafe cancel(userData: record.pointee.id.userData)
    if unsafe record.pointee.kind == .receive { unsafe endEndPoll(record) }
  }

  func cancel(userData: UInt64) {
    let entry = unsafe nextEntry()
    unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_ASYNC_CANCEL)
    unsafe entry.pointee.fd = -1
    unsafe entry.pointee.addr = userData
    unsafe entry.pointee.user_data = Reserved.cancelAnswer
  }

  private func armWake() {
    let entry = unsafe nextEntry()
    unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_READ)
    unsafe entry.pointee.fd = wakeDescriptor
    unsafe entry.pointee.addr = UInt64(UInt(bitPattern: wakeBuffer))
    unsafe entry.pointee.len = 8
    unsafe entry.pointee.user_data = Reserved.wake
  }

  // MARK: - Completing

  package var hasCompletions: Bool { ring.hasResults }

  package var wantsTurn: Bool { ring.pending != 0 || ring.hasNews }

  package func turn(until deadline: Int64?, of loop: EventLoop) {
    if deadline == .min {
      loop.offerMainActor()
      guard wantsTurn else { return }
      enter(waits: false, nanoseconds: nil)
    } else if ring.hasResults {
      if ring.pending != 0 { enter(waits: false, nanoseconds: nil) }
    } else {
      let now = now
      loop.willWait()
      enter(waits: true, nanoseconds: deadline.map { $0 <= now ? 0 : $0 - now })
      loop.hasWaited()
    }
    var gaveBuffers = false
    // As many as there were: a peer that answers at once must not keep the loop here.
    var budget = 1024
    while budget > 0, let result = ring.takeResult() {
      budget -= 1
      if take(result, of: loop) { gaveBuffers = true }
    }
    if !hungUp.isEmpty { wakeSleepers(of: loop) }
    if gaveBuffers {
      buffers.publish()
      datagrams?.buffers.publish()
    }
  }

  /// The kernel writes on this thread, within this call, if it can.
  private func enterRing(waits: Bool, nanoseconds: Int64?) -> Int32 {
    guard loudWrites > 0 else { return ring.enter(waits: waits, nanoseconds: nanoseconds) }
    var held = asyncio_held_signal()
    unsafe asyncio_hold_pipe_signal(&held)
    defer { unsafe asyncio_release_pipe_signal(&held, 1) }
    return ring.enter(waits: waits, nanoseconds: nanoseconds)
  }

  private func enter(waits: Bool, nanoseconds: Int64?) {
    calls &+= 1
    let result = enterRing(waits: waits, nanoseconds: nanoseconds)
    require(
      result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN,
      "io_uring_enter failed with errno \(-result)")
  }

  /// Returns whether a buffer was given back.
  private func take(_ result: asyncio_uring_cqe, of loop: EventLoop) -> Bool {
    let hasBuffer = result.flags & UInt32(ASYNCIO_URING_CQE_BUFFER) != 0
    let identifier = UInt16(truncatingIfNeeded: result.flags >> UInt32(ASYNCIO_URING_CQE_BUFFER_SHIFT))
    defer { if hasBuffer { giveBack(identifier) } }

    if result.user_data >= Reserved.probe {
      if result.user_data == Reserved.wake { armWake() }
      return hasBuffer
    }
    guard let record = unsafe loop.operations.record(OperationID(userData: result.user_data)) else {
      if EndPoll.isNamed(by: result.user_data) { endPollEnded(result, of: loop) }
      return hasBuffer
    }
    let more = result.flags & UInt32(ASYNCIO_URING_CQE_MORE) != 0
    if unsafe record.pointee.waitsForReadiness {
      unsafe record.pointee.waitsForReadiness = false
      if result.res < 0 {
        unsafe finish(record, result.res, of: loop)
      } else {
        unsafe restartOrEnd(record, result.user_data, of: loop)
      }
      return hasBuffer
    }
    if unsafe record.pointee.kind == .write && !silentWrites { loudWrites -= 1 }
    if result.res == -EAGAIN && !more, unsafe record.pointee.kind.waitsForReadiness {
      unsafe submitWhenReady(record, of: loop)
      return hasBuffer
    }
    switch unsafe record.pointee.kind {
    case .receive, .receiveDatagrams, .read:
      if result.res > 0 {
        let restart = unsafe !more && record.pointee.state == .submitted
        let bytes = unsafe received(identifier, Int(result.res))
        let isLast = unsafe !more && !restart && !record.pointee.endPoll.isInFlight
        unsafe loop.complete(record, Completion(result: result.res, bytes: bytes, isLast: isLast))
        if !more && !isLast { unsafe resubmit(record, result.user_data, of: loop) }
      } else if unsafe !more && (result.res == -ENOBUFS || record.pointee.wasWoken(by: result.res)) {
        unsafe restartOrEnd(record, result.user_data, of: loop)
      } else if more {
        unsafe loop.complete(record, Completion(result: result.res, isLast: false))
      } else {
        unsafe finish(record, result.res, of: loop)
      }
    case .accept, .poll:
      if result.res >= 0 && !more {
        let restart = unsafe record.pointee.state == .submitted && !record.pointee.isAcceptOnce
        unsafe loop.complete(record, Completion(result: result.res, isLast: !restart))
        if restart { unsafe resubmit(record, result.user_data, of: loop) }
      } else {
        unsafe loop.complete(record, Completion(result: result.res, isLast: !more))
      }
    case .send: unsafe wrote(result, record, of: loop)
    case .write:
      if unsafe result.res == -EOPNOTSUPP && !record.pointee.isPlainWrite {
        // A device with a write function of the old kind takes no flags, and raises no signal.
        unsafe record.pointee.events = 1
        unsafe restartOrEnd(record, result.user_data, of: loop)
      } else {
        unsafe wrote(result, record, of: loop)
      }
    case .sendZeroCopy: unsafe sentZeroCopy(result, record, of: loop)
    case .connect, .readFile, .writeFile, .syncFile:
      unsafe loop.complete(record, Completion(result: result.res, isLast: true))
    }
    return hasBuffer
  }

  /// Two completions: the number of bytes, and later that the kernel needs the memory no more. A kernel that can't send
  /// so gets the bytes again, to send them as usual.
  private func sentZeroCopy(
    _ result: asyncio_uring_cqe, _ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop
  ) {
    if result.flags & UInt32(ASYNCIO_URING_CQE_NOTIF) != 0 {
      let done = unsafe record.pointee.done
      if done == -Int(EINVAL) || done == -Int(EOPNOTSUPP) {
        unsafe record.pointee.done = 0
        unsafe record.pointee.kind = .send
        return unsafe restartOrEnd(record, result.user_data, of: loop)
      }
      if unsafe done <= 0 || done >= record.pointee.count {
        return unsafe loop.complete(record, Completion(result: Int32(clamping: done), isLast: true))
      }
      unsafe record.pointee.kind = .send
      unsafe record.pointee.done = 0
      _ = unsafe record.pointee.advance(by: done)
      return unsafe restartOrEnd(record, result.user_data, of: loop)
    }
    if result.flags & UInt32(ASYNCIO_URING_CQE_MORE) != 0 {
      unsafe record.pointee.done = Int(result.res)
    } else if result.res == -EINVAL || result.res == -EOPNOTSUPP {
      unsafe record.pointee.kind = .send
      unsafe restartOrEnd(record, result.user_data, of: loop)
    } else {
      unsafe loop.complete(record, Completion(result: result.res, isLast: true))
    }
  }

  /// A pipe takes what fits: the rest follows. A socket takes all (MSG_WAITALL), unless something is wrong with it that
  /// the kernel does not say when it has sent a part: the rest is what it says it of.
  private func wrote(
    _ result: asyncio_uring_cqe, _ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop
  ) {
    guard result.res > 0 else { return unsafe loop.complete(record, Completion(result: result.res, isLast: true)) }
    if unsafe record.pointee.advance(by: Int(result.res)) {
      unsafe loop.complete(record, Completion(result: Int32(clamping: record.pointee.done), isLast: true))
    } else {
      unsafe restartOrEnd(record, result.user_data, of: loop)
    }
  }

  private func giveBack(_ identifier: UInt16) {
    if identifier < RingDatagrams.firstIdentifier {
      buffers.give(identifier)
    } else {
      datagrams?.buffers.give(identifier)
    }
  }

  private func received(_ identifier: UInt16, _ count: Int) -> UnsafeRawBufferPointer {
    unsafe identifier < RingDatagrams.firstIdentifier
      ? buffers[identifier, count] : ringDatagrams.buffers[identifier, count]
  }

  private var ringDatagrams: RingDatagrams {
    guard let datagrams else { preconditionFailure("a socket of datagrams has been opened") }
    return datagrams
  }

  package func prepare(for kind: OperationKind) throws {
    if kind == .receiveDatagrams && datagrams == nil { datagrams = try RingDatagrams(ring: ring.descriptor) }
  }

  private func restartOrEnd(_ record: UnsafeMutablePointer<OperationRecord>, _ userData: UInt64, of loop: EventLoop) {
    if unsafe record.pointee.state == .submitted {
      unsafe submit(record)
    } else {
      unsafe finish(record, -ECANCELED, of: loop)
    }
  }

  /// Submits a multishot request again that the kernel ended, unless its sink asked for the end in the meantime.
  private func resubmit(_ record: UnsafeMutablePointer<OperationRecord>, _ userData: UInt64, of loop: EventLoop) {
    guard unsafe loop.operations.record(OperationID(userData: userData)) == record else { return }
    unsafe restartOrEnd(record, userData, of: loop)
  }
}
