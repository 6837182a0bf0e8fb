// SPDX-License-Identifier: Apache-2.0
// epoll made to look like completions: an operation is tried when the kernel says that its descriptor is ready.
//
// Level-triggered, on purpose. Received bytes are handed on as they come, so one `recv` an event is enough. What is
// left shows up in the next turn, and no call is spent to find out that nothing is left. An edge-triggered descriptor
// has to be read until EAGAIN, and an always-ready peer could keep the loop there. What nobody wants to receive is not
// asked for: the interest in a descriptor is exactly the operations on it.
//
// Closing removes a descriptor from the set only when the last duplicate is closed (epoll(7), Q6). So registrations
// carry a generation in the event's data, and an event for a number that was used again is ignored.

import CLinux
import Glibc

@safe package final class EpollBackend: Backend {
  // Safe: owns the memory behind its pointers, from `init` to `deinit`.
  private struct Registration {
    var generation: UInt32 = 0
    /// What the kernel was told.
    var armed: UInt32 = 0
    var input: OperationID?
    var inputEvents: UInt32 = 0
    var output: OperationID?
  }

  private static let input = UInt32(EPOLLIN.rawValue)
  private static let output = UInt32(EPOLLOUT.rawValue)
  private static let failure = UInt32(EPOLLERR.rawValue) | UInt32(EPOLLHUP.rawValue)
  private static let wakeData = UInt64.max
  /// One hot buffer for everything received: bytes are handed on before the next call fills it.
  private static let bufferSize = 256 * 1024
  private static let eventCapacity = 512

  private let waker: Waker
  private let kernel = KernelSockets(areNonBlocking: true)
  private let epoll: Int32
  /// Besides those of `kernel`.
  @safe @exclusivity(unchecked) var calls = 0
  @safe @exclusivity(unchecked) private var registrations: [Registration] = []
  private let events: UnsafeMutablePointer<epoll_event>
  private let buffer: UnsafeMutableRawBufferPointer
  @safe @exclusivity(unchecked) var datagramFrames: DatagramFrames?
  /// Cancelled operations, whose last completion comes with the next turn, as from any other backend.
  @safe @exclusivity(unchecked) private var cancelled: [OperationID] = []
  /// Descriptors of which epoll won't say when they are ready, since they always are (EPERM): files, /dev/null.
  @safe @exclusivity(unchecked) private var alwaysReady: Set<Int> = []

  package init() throws {
    waker = try Waker()
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemError("epoll_create1", result: -errno) }
    unsafe events = .allocate(capacity: Self.eventCapacity)
    unsafe buffer = .allocate(byteCount: Self.bufferSize, alignment: 4096)
    _ = asyncio_epoll_control(epoll, EPOLL_CTL_ADD, wakeDescriptor, Self.input, Self.wakeData)
  }

  deinit {
    unsafe events.deallocate()
    unsafe buffer.deallocate()
  }

  package var kind: BackendKind { .epoll }
  package var now: Int64 { SystemCall.monotonicTime }
  package var sockets: any Sockets { kernel }
  package let processes: any Processes = KernelProcesses(areNonBlocking: true)
  package let fileSystem: any FileSystem = KernelFileSystem()
  package var systemCalls: Int { calls &+ kernel.systemCalls &+ fileSystem.calls }
  package var wakeDescriptor: Int32 { waker.descriptor }
  package func wake() { waker.wake() }

  package func close() { SystemCall.close(epoll) }

  package func forget(_ descriptor: Int32) {
    guard Int(descriptor) < registrations.count else { return }
    registrations[Int(descriptor)].generation &+= 1
    registrations[Int(descriptor)].armed = 0
    registrations[Int(descriptor)].input = nil
    registrations[Int(descriptor)].output = nil
    alwaysReady.remove(Int(descriptor))
  }

  // MARK: - Submitting

  package func submit(_ record: UnsafeMutablePointer<OperationRecord>) {
    let descriptor = unsafe Int(record.pointee.descriptor)
    while registrations.count <= descriptor { registrations.append(Registration()) }
    switch unsafe record.pointee.kind {
    case .poll where unsafe record.pointee.events == Self.output:
      registrations[descriptor].output = unsafe record.pointee.id
    case .accept, .receive, .receiveDatagrams, .read, .poll:
      precondition(registrations[descriptor].input == nil, "two operations wait for input of one descriptor")
      registrations[descriptor].input = unsafe record.pointee.id
      registrations[descriptor].inputEvents = unsafe record.pointee.kind == .poll ? record.pointee.events : Self.input
    case .send, .sendZeroCopy, .write:
      registrations[descriptor].output = unsafe record.pointee.id
    case .connect:
      registrations[descriptor].output = unsafe record.pointee.id
      unsafe startConnecting(record)
    case .readFile, .writeFile, .syncFile: preconditionFailure("see `offers`")
    }
    update(descriptor)
  }

  private func startConnecting(_ record: UnsafeMutablePointer<OperationRecord>) {
    calls &+= 1
    let result = unsafe SystemCall.connect(
      record.pointee.descriptor, to: record.pointee.address.unsafelyUnwrapped)
    // Whatever came of it shows as readiness to write: EINPROGRESS later, success or failure at once. A failure that
    // is known already is not repeated by SO_ERROR, so it is kept.
    if result < 0 && result != -EINPROGRESS { unsafe record.pointee.done = Int(-result) }
  }

  package func cancel(_ record: UnsafeMutablePointer<OperationRecord>) {
    let descriptor = unsafe Int(record.pointee.descriptor)
    let id = unsafe record.pointee.id
    if registrations[descriptor].input == id { registrations[descriptor].input = nil }
    if registrations[descriptor].output == id { registrations[descriptor].output = nil }
    update(descriptor)
    cancelled.append(id)
  }

  private func update(_ descriptor: Int) {
    let registration = registrations[descriptor]
    var wanted: UInt32 = 0
    if registration.input != nil { wanted |= registration.inputEvents }
    if registration.output != nil { wanted |= Self.output }
    guard wanted != registration.armed else { return }
    let operation = wanted == 0 ? EPOLL_CTL_DEL : registration.armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
    registrations[descriptor].armed = wanted
    let data = UInt64(registration.generation) << 32 | UInt64(descriptor)
    calls &+= 1
    let result = asyncio_epoll_control(epoll, operation, Int32(descriptor), wanted, data)
    if result == -EPERM || alwaysReady.contains(descriptor) {
      if wanted == 0 { alwaysReady.remove(descriptor) } else { alwaysReady.insert(descriptor) }
      return
    }
    // Somebody closed a descriptor of the program's own before taking back its interest: the kernel has forgotten it.
    if operation == EPOLL_CTL_DEL && (result == -EBADF || result == -ENOENT) { return }
    require(result == 0, "epoll_ctl of descriptor \(descriptor) failed with errno \(-result)")
  }

  // MARK: - Completing

  package var wantsTurn: Bool { !cancelled.isEmpty || !alwaysReady.isEmpty }

  package func turn(until deadline: Int64?, of loop: EventLoop) {
    // Completions that are here already end the wait, whether they made a job ready or not.
    let waits = !wantsTurn
    completeCancelled(of: loop)
    var timeout = timespec()
    if let deadline, waits && !loop.hasReadyJobs {
      let now = now
      let remaining = deadline <= now ? 0 : deadline - now
      timeout.tv_sec = Int(remaining / 1_000_000_000)
      timeout.tv_nsec = Int(remaining % 1_000_000_000)
    }
    calls &+= 1
    let waitsForever = deadline == nil && waits && !loop.hasReadyJobs
    loop.willWait()
    let count = unsafe withUnsafePointer(to: &timeout) { timeout in
      unsafe asyncio_epoll_wait(epoll, events, Int32(Self.eventCapacity), waitsForever ? nil : timeout)
    }
    loop.hasWaited()
    require(count >= 0 || count == -EINTR, "epoll_wait failed with errno \(-count)")
    for index in 0..<Int(max(0, count)) {
      let data = unsafe asyncio_epoll_data(events + index)
      if data == Self.wakeData {
        waker.clear()
      } else {
        unsafe handle(
          descriptor: Int(truncatingIfNeeded: data & 0xffff_ffff), generation: UInt32(data >> 32),
          events: events[index].events, of: loop)
      }
    }
    if !alwaysReady.isEmpty { handleAlwaysReady(of: loop) }
  }

  private func handleAlwaysReady(of loop: EventLoop) {
    for descriptor in alwaysReady {
      let registration = registrations[descriptor]
      handle(
        descriptor: descriptor, generation: registration.generation, events: registration.armed, of: loop)
    }
  }

  private func completeCancelled(of loop: EventLoop) {
    guard !cancelled.isEmpty else { return }
    let ended = cancelled
    cancelled.removeAll(keepingCapacity: true)
    for id in ended {
      guard let record = unsafe loop.operations.record(id) else { continue }
      unsafe loop.complete(record, Completion(result: -ECANCELED, isLast: true))
    }
  }

  private func handle(descriptor: Int, generation: UInt32, events: UInt32, of loop: EventLoop) {
    guard registrations[descriptor].generation == generation else { return }
    let input = events & (registrations[descriptor].inputEvents | Self.failure)
    if input != 0, let id = registrations[descriptor].input,
      let record = unsafe loop.operations.record(id)
    {
      switch unsafe record.pointee.kind {
      case .receive, .read: unsafe receive(record, of: loop)
      case .receiveDatagrams: unsafe receiveDatagrams(record, of: loop)
      case .accept: unsafe accept(record, of: loop)
      default: unsafe loop.complete(record, Completion(result: Int32(bitPattern: input), isLast: false))
      }
    }
    guard registrations[descriptor].generation == generation else { return }
    if events & (Self.output | Self.failure) != 0, let id = registrations[descriptor].output,
      let record = unsafe loop.operations.record(id)
    {
      switch unsafe record.pointee.kind {
      case .connect: unsafe finishConnecting(record, of: loop)
      case .poll: unsafe loop.complete(record, Completion(result: Int32(bitPattern: events), isLast: false))
      default: unsafe sendRest(record, of: loop)
      }
    }
  }

  private func receive(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    calls &+= 1
    let descriptor = unsafe record.pointee.descriptor
    let count =
      unsafe record.pointee.kind == .receive
      ? SystemCall.receive(into: buffer, from: descriptor)
      : SystemCall.read(into: buffer, from: descriptor)
    if count > 0 {
      let bytes = unsafe UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)
      unsafe loop.complete(record, Completion(result: Int32(count), bytes: bytes, isLast: false))
    } else if count != -Int(EAGAIN) && count != -Int(EINTR) {
      endInput(Int(descriptor))
      unsafe loop.complete(record, Completion(result: Int32(count), isLast: true))
    }
  }

  private func accept(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let id = unsafe record.pointee.id
    let listener = unsafe record.pointee.descriptor
    var failure: Int32 = 0
    // Bounded: a flood of connections shares the loop with those that are there.
    for _ in 0..<64 {
      calls &+= 1
      let result = SystemCall.accept(on: listener, isNonBlocking: false)
      if result == -EAGAIN || result == -EINTR { return }
      // The peer gave up between its SYN and our accept (accept(2)): not the listener's failure.
      failure = result
      if result == -ECONNABORTED || result == -EPROTO { continue }
      if result < 0 { break }
      let isLast = unsafe record.pointee.isAcceptOnce
      if isLast { endInput(Int(listener)) }
      unsafe loop.complete(record, Completion(result: result, isLast: isLast))
      guard unsafe loop.operations.record(id)?.pointee.state == .submitted else { return }
    }
    // An error that lasts is not the peer's: the listener has to know.
    guard failure < 0, let record = unsafe loop.operations.record(id) else { return }
    endInput(Int(listener))
    unsafe loop.complete(record, Completion(result: failure, isLast: true))
  }

  private func sendRest(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let descriptor = unsafe record.pointee.descriptor
    calls &+= 1
    let rest = unsafe record.pointee.rest
    let count =
      unsafe record.pointee.kind == .write
      ? SystemCall.write(rest, to: descriptor) : SystemCall.send(rest, to: descriptor)
    if count == -Int(EAGAIN) || count == -Int(EINTR) { return }
    if count < 0 {
      endOutput(Int(descriptor))
      unsafe loop.complete(record, Completion(result: Int32(count), isLast: true))
      return
    }
    if unsafe record.pointee.advance(by: count) {
      endOutput(Int(descriptor))
      unsafe loop.complete(record, Completion(result: Int32(clamping: record.pointee.done), isLast: true))
    }
  }

  private func finishConnecting(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let descriptor = unsafe record.pointee.descriptor
    var result = unsafe -Int32(record.pointee.done)
    if result == 0 {
      calls &+= 1
      result = SystemCall.error(of: descriptor)
    }
    endOutput(Int(descriptor))
    unsafe loop.complete(record, Completion(result: result, isLast: true))
  }

  private func endInput(_ descriptor: Int) {
    registrations[descriptor].input = nil
    update(descriptor)
  }

  private func endOutput(_ descriptor: Int) {
    registrations[descriptor].output = nil
    update(descriptor)
  }
}
