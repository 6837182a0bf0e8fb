// SPDX-License-Identifier: Apache-2.0
// A backend without a kernel. Its time starts at 0 and moves only when the loop has nothing to run: then it jumps to
// the next timer or to the next arrival in its network, whichever is first. An hour's waiting takes as long as running
// what waits.
//
// What happens on other threads takes no virtual time. While a blocking call of the loop is under way the clock stands
// still and the thread really waits for it: without limit if nothing else is to come, else for `patience`, since the
// call may itself wait for this loop's time. Anything else outside (a foreign callback, the main actor) is not known
// here: a timer goes before it.
//
// A loop whose tasks never all wait would keep the clock for ever, and with it whoever waits for a timer. So after
// `busyTurns` looks from the loop without a pause (each stands for up to 16 jobs) the clock creeps on: by a millisecond,
// then by twice as much each time, but past no arrival, until something pauses. That is counted in turns, so it is the same in every run.
//
// If nothing is ready, no timer is set and nothing is on its way, only another thread can bring work. `grace` of real
// time is left for that; then the test can make no progress, and `onNoProgress` is told.
//
// The clocks that code on the loop's thread reads are this one, see CVirtualClock: Swift's, and Foundation's `Date`. A call
// that blocks the thread for a time, as `Thread.sleep`, moves it and returns at once.
//
// Everything belongs to the loop's thread, `wake` excepted; that includes making it.

package import AsyncIOCore
import CLinux
import CVirtualClock
import Glibc

package final class VirtualBackend: Backend {
  /// Real milliseconds in which another thread may bring work to a loop whose tasks all wait.
  static let grace: Int32 = 250
  /// The same where no task is known to wait: what the test waits for is nothing of the loop's. Other tests may keep the
  /// threads busy that it needs.
  static let graceForStrangers: Int32 = 30_000
  /// Real milliseconds for which a blocking call holds up the clock.
  static let patience: Int32 = 5_000

  /// Turns without a pause before the clock creeps on, and between two steps from then on.
  static let busyTurns = 20_000
  static let busyTurnsAStep = 50
  static let longestStep: Int64 = 3_600_000_000_000

  /// From any thread, while the backend exists.
  package private(set) var now: Int64 {
    get { asyncio_virtual_now(clock) }
    set { asyncio_set_virtual_now(clock, newValue) }
  }

  package var network: VirtualNetwork
  /// Called when the loop can make no progress; it is to see to it that something becomes ready.
  package var onNoProgress: (EventLoop) -> Void = { $0.cancelWaitingTasks() }
  /// How much of the bytes that arrived one completion delivers; nil is all. A simulation cuts them here.
  package var lengthOfRead: ((_ available: Int) -> Int)?

  private let clock: UnsafeMutablePointer<asyncio_virtual_clock>
  private let foreignDelay: ForeignDelay
  package let wakeDescriptor: Int32
  private var silence: Int32 = 0
  private var turnsWithoutPause = 0
  private var creep: Int64 = 0
  private var isClosed = false

  /// The operations on a descriptor, one for each direction.
  var inputs: [Int32: OperationID] = [:]
  var outputs: [Int32: OperationID] = [:]
  /// What was set of each descriptor's options.
  var socketOptions: [Int32: [SocketOptionName: Int32]] = [:]
  /// Operations to try in the next turn.
  var attempts: [OperationID] = []
  /// Operations whose last completion, ECANCELED, comes with the next turn.
  var cancelled: [OperationID] = []

  package init(network: VirtualNetwork = VirtualNetwork()) throws {
    self.network = network
    clock = .allocate(capacity: 1)
    clock.initialize(to: asyncio_virtual_clock())
    asyncio_use_virtual_clock(clock)
    foreignDelay = ForeignDelay()
    wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard wakeDescriptor >= 0 else {
      asyncio_use_virtual_clock(nil)
      clock.deallocate()
      throw SystemError("eventfd", code: SystemError.Code(rawValue: errno))
    }
  }

  deinit { clock.deallocate() }

  package var kind: BackendKind { .virtual }
  package var systemCalls: Int { 0 }
  package func batchesSend(whileJobsAreReady: Bool) -> Bool { false }
  package var prefersReadiness: Bool { false }

  package func delay(fromForeignClock nanoseconds: Int64) -> Int64 { foreignDelay.meant(by: nanoseconds) }

  /// Time costs nothing here, and a timer is never late.
  package func coalesced(_ deadline: Int64, within nanoseconds: Int64) -> Int64 { deadline }

  // MARK: - Turns

  package var wantsTurn: Bool { !cancelled.isEmpty || !attempts.isEmpty || network.hasNews(at: now) }

  package func turn(until deadline: Int64?, of loop: EventLoop) {
    if deadline != .min && !loop.hasReadyJobs && !wantsTurn {
      turnsWithoutPause = 0
      passTime(until: deadline == .max ? nil : deadline, of: loop)
    } else {
      creepOn(of: loop)
    }
    asyncio_renew_virtual_clock(clock)
    completeCancelled(of: loop)
    for event in network.advance(to: now) { handle(event, of: loop) }
    attemptAll(of: loop)
  }

  private func passTime(until deadline: Int64?, of loop: EventLoop) {
    let arrival = network.nextArrival
    let next = deadline.flatMap { deadline in arrival.map { min(deadline, $0) } } ?? deadline ?? arrival
    if loop.blockingCalls > 0 && waitForWake(milliseconds: next == nil ? -1 : Self.patience, of: loop) { return }
    if let next {
      now = max(now, next)
      silence = 0
    } else if waitForWake(milliseconds: Self.grace, of: loop) {
      silence = 0
    } else {
      silence += Self.grace
      if silence >= Self.graceForStrangers || !loop.waitingTasks().isEmpty {
        silence = 0
        onNoProgress(loop)
      }
    }
  }

  private func creepOn(of loop: EventLoop) {
    turnsWithoutPause += 1
    let beyond = turnsWithoutPause - Self.busyTurns
    guard beyond >= 0, beyond % Self.busyTurnsAStep == 0 else { return }
    // What it waits for may be another run's to do, on the main actor.
    loop.offerMainActor()
    if beyond == 0 { creep = 500_000 }
    if let arrival = network.nextArrival, arrival <= now + creep {
      now = max(now, arrival)
    } else {
      creep = min(creep * 2, Self.longestStep)
      now += creep
    }
  }

  // MARK: - Waking

  package func wake() {
    var one: UInt64 = 1
    _ = Glibc.write(wakeDescriptor, &one, 8)
  }

  /// Waits in real time; -1 is for ever. Returns whether somebody woke the loop.
  private func waitForWake(milliseconds: Int32, of loop: EventLoop) -> Bool {
    var entry = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
    loop.willWait()
    let result = poll(&entry, 1, milliseconds)
    loop.hasWaited()
    guard result > 0 else { return result < 0 }
    var count: UInt64 = 0
    _ = read(wakeDescriptor, &count, 8)
    return true
  }

  package func close() {
    asyncio_use_virtual_clock(nil)
    isClosed = true
    network = VirtualNetwork()
    onNoProgress = { _ in }
    _ = Glibc.close(wakeDescriptor)
  }

  // MARK: - What completes at once

  package func listen(at address: SocketAddress, options: ListenOptions) throws -> Int32 {
    do throws(VirtualErrno) {
      return try network.listen(
        at: address, backlog: Int(options.backlog), reusePort: options.reusePort,
        startsListening: options.startsListening)
    } catch {
      let operation = error.code == EMFILE ? "socket" : "bind"
      throw SystemError(operation, address.description, code: SystemError.Code(rawValue: error.code))
    }
  }

  package func startListening(_ descriptor: Int32, backlog: Int32) throws {
    do throws(VirtualErrno) { try network.startListening(descriptor, backlog: Int(backlog)) } catch {
      throw SystemError("listen", "descriptor \(descriptor)", code: SystemError.Code(rawValue: error.code))
    }
  }

  /// There is one loop in virtual time, which needs no second number.
  package func duplicate(_ descriptor: Int32) throws -> Int32 {
    throw SystemError("dup", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
  }

  package func acknowledgedBytes(of descriptor: Int32) -> Int { network.acknowledged(of: descriptor) }

  package func hasEnded(_ descriptor: Int32, after received: Int) -> Bool? { network.peerHasEnded(descriptor) }

  package var descriptorLimit: Int { network.descriptorLimit }

  /// Virtual sockets have names and no files.
  package func socketFile(of address: SocketAddress) -> SocketFile? { nil }
  package func remove(_ file: SocketFile) {}

  package func makeSocket(for address: SocketAddress, from local: SocketAddress?) throws -> Int32 {
    do throws(VirtualErrno) { return try network.makeSocket(boundTo: local) } catch {
      let (operation, object) = error.code == EMFILE ? ("socket", address) : ("bind", local ?? address)
      throw SystemError(operation, object.description, code: SystemError.Code(rawValue: error.code))
    }
  }

  package func makeSocketPair() throws -> (Int32, Int32) {
    do throws(VirtualErrno) { return try network.makeSocketPair() } catch {
      throw SystemError("socketpair", code: SystemError.Code(rawValue: error.code))
    }
  }

  /// Virtual descriptors are all sockets; a number from outside means nothing here.
  package func adopt(_ descriptor: Int32) throws -> DescriptorKind {
    guard let kind = network.kind(of: descriptor) else {
      throw SystemError("adopt", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
    }
    return kind
  }

  package func kind(of descriptor: Int32) throws -> DescriptorKind { try adopt(descriptor) }

  package func makePipe() throws -> (reading: Int32, writing: Int32) {
    let (reading, writing) = try makeSocketPair()
    return (reading: reading, writing: writing)
  }

  package func openStandard(_ descriptor: Int32) throws -> Int32 {
    throw SystemError("open", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
  }

  package func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int { send(bytes, to: descriptor) }

  package func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    switch network.receive(from: descriptor, upTo: buffer.count, now: now) {
    case .bytes(let bytes):
      bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
      return bytes.count
    case .end: return 0
    case .failed(let code): return -Int(code)
    case .nothing: return -Int(EAGAIN)
    }
  }

  package func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    network.send(bytes, to: descriptor, now: now)
  }

  package func isReadable(_ descriptor: Int32) -> Bool {
    network.readiness(of: descriptor).map { $0 & UInt32(POLLIN | POLLERR | POLLHUP) != 0 } ?? false
  }

  package func shutdownWriting(_ descriptor: Int32) -> Int32 { network.shutdownWriting(descriptor, now: now) }

  package func localAddress(of descriptor: Int32) -> SocketAddress? { network.localAddress(of: descriptor) }
  package func peerAddress(of descriptor: Int32) -> SocketAddress? { network.peerAddress(of: descriptor) }

  package func setOption(_ option: SocketOption, of descriptor: Int32) {
    switch option {
    case .noDelay: break
    case .resetOnClose: network.setResetsOnClose(descriptor)
    }
  }

  package func close(descriptor: Int32) {
    // A stream that a test kept longer than its loop: its network is gone already.
    if isClosed { return }
    inputs[descriptor] = nil
    outputs[descriptor] = nil
    socketOptions[descriptor] = nil
    do throws(VirtualErrno) { try network.close(descriptor, now: now) } catch {
      preconditionFailure("descriptor \(descriptor) was closed twice")
    }
  }

  package var hasOwnNames: Bool { true }
  package func hostName(of address: SocketAddress) -> String? { network.name(ofHost: address) }

  /// Never nil: no name of a simulated network is asked of libc.
  package func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]? {
    network.addresses(ofHost: host, port: port)
  }
}
