// SPDX-License-Identifier: Apache-2.0
// A backend without a kernel. Its time starts at 0 and moves only when the loop has nothing to run. Then it jumps to
// the next timer or the next arrival in its network, whichever is first. So an hour's wait takes only as long as the
// code that runs.
//
// Events on other threads take no virtual time. While a blocking call of the loop is under way, the clock stands still
// and the thread really waits for it. It waits without limit if nothing else is to come, else for `patience`, since the
// call may itself wait for this loop's time. Other outside work (a foreign callback, the main actor) is unknown here:
// timers fire before it.
//
// A loop whose tasks never all wait would stop the clock for ever, and with it every task that waits for a timer. So
// after `busyTurns` looks from the loop without a pause (each stands for up to 16 jobs) the clock creeps on. It moves
// by a millisecond, then by twice as much each time, but past no arrival, until the tasks pause. This is counted in
// turns, so it is the same in every run.
//
// If nothing is ready, no timer is set and nothing is in flight, only another thread can bring work. It gets `grace` of
// real time for that. Then the test can make no progress, and `onNoProgress` is called.
//
// Code on the loop's thread reads this clock, see CVirtualClock: Swift's clocks, and Foundation's `Date`. A call that
// blocks the thread for a time, such as `Thread.sleep`, moves the clock and returns at once.
//
// Everything belongs to the loop's thread, including `init`; only `wake` does not.

package import AsyncIOCore
import CLinux
import CVirtualClock
import Glibc

package final class VirtualBackend: Backend {
  /// Real milliseconds in which another thread may bring work to a loop whose tasks all wait.
  static let grace: Int32 = 250
  /// The grace where no task is known to wait: the test then waits for something outside the loop. Other tests may keep
  /// the threads busy that it needs.
  static let graceForStrangers: Int32 = 30_000
  /// Real milliseconds for which a blocking call stops the clock.
  static let patience: Int32 = 5_000

  /// Turns without a pause before the clock creeps on, and between any two steps after that.
  static let busyTurns = 20_000
  static let busyTurnsAStep = 50
  static let longestStep: Int64 = 3_600_000_000_000

  /// The virtual time. Any thread may read it while the backend exists.
  package private(set) var now: Int64 {
    get { asyncio_virtual_now(clock) }
    set { asyncio_set_virtual_now(clock, newValue) }
  }

  package var network: VirtualNetwork
  /// Called when the loop can make no progress; it has to make something ready.
  package var onNoProgress: (EventLoop) -> Void = { $0.cancelWaitingTasks() }
  /// How many of the available bytes one completion delivers; nil is all. A simulation cuts reads here.
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
  /// The options that were set, by descriptor.
  var socketOptions: [Int32: [SocketOptionName: Int32]] = [:]
  /// Operations to try in the next turn.
  var attempts: [OperationID] = []
  /// Operations whose final completion, ECANCELED, comes with the next turn.
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

  /// Returns the deadline unchanged: virtual time costs nothing, and a timer is never late.
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
    // What it waits for may be work of another run, on the main actor.
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

  /// Waits in real time; -1 is for ever. Returns whether another thread woke the loop.
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

  /// Always throws: virtual time has one loop, which needs no second descriptor.
  package func duplicate(_ descriptor: Int32) throws -> Int32 {
    throw SystemError("dup", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
  }

  package func acknowledgedBytes(of descriptor: Int32) -> Int { network.acknowledged(of: descriptor) }

  package func hasEnded(_ descriptor: Int32, after received: Int) -> Bool? { network.peerHasEnded(descriptor) }

  package var descriptorLimit: Int { network.descriptorLimit }

  /// Returns nil: virtual sockets have names but not files.
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

  /// Refuses foreign descriptors. All virtual descriptors are sockets, and a number from outside means nothing here.
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
    // The test kept a stream longer than its loop, whose network is already gone.
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

  /// Never nil: libc is not asked about a simulated network's names.
  package func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]? {
    network.addresses(ofHost: host, port: port)
  }
}
