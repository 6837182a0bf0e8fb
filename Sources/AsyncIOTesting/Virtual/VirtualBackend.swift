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
    get { clock.now }
    set { clock.now = newValue }
  }

  package var network: VirtualNetwork {
    get { virtualSockets.network }
    _modify { yield &virtualSockets.network }
  }
  /// Called when the loop can make no progress; it has to make something ready.
  package var onNoProgress: (EventLoop) -> Void = { $0.cancelWaitingTasks() }
  /// How many of the available bytes one completion delivers; nil is all. A simulation cuts reads here.
  package var lengthOfRead: ((_ available: Int) -> Int)?

  private let clock: VirtualClock
  private let virtualSockets: VirtualSockets
  private let foreignDelay: ForeignDelay
  private let waker: Waker
  /// The kernel knows nothing of it.
  package let signals = SignalCenter()
  private let virtualProcesses: VirtualProcesses
  private var silence: Int32 = 0
  private var turnsWithoutPause = 0
  private var creep: Int64 = 0

  /// The operations on a descriptor, one for each direction.
  var inputs: [Int32: OperationID] = [:]
  var outputs: [Int32: OperationID] = [:]
  /// Operations to try in the next turn.
  var attempts: [OperationID] = []
  /// Operations whose final completion, ECANCELED, comes with the next turn.
  var cancelled: [OperationID] = []

  package init(network: VirtualNetwork = VirtualNetwork()) throws {
    waker = try Waker()
    clock = VirtualClock()
    virtualSockets = VirtualSockets(network, clock)
    files = VirtualFileSystem(now: { [clock] in clock.wallTime })
    virtualProcesses = VirtualProcesses(virtualSockets)
    clock.use()
    foreignDelay = ForeignDelay()
    // Another thread may have changed what is watched here.
    files.onChange { [waker] in waker.wake() }
  }

  package var kind: BackendKind { .virtual }

  package var wallTime: WallTime { WallTime(secondsSince1970: 0, nanosecond: Int(clock.wallTime)) }

  /// Returns nil: `EventLoop.setWallTime` tells the loop.
  package func openWallClockWatch() -> Int32? { nil }

  func setWallTime(_ time: WallTime) {
    clock.wallTime = WallTime(secondsSince1970: 0).duration(to: time).clampedNanoseconds
  }

  package var systemCalls: Int { 0 }
  package var sockets: any Sockets { virtualSockets }
  package var processes: any Processes { virtualProcesses }
  /// The files of the virtual world.
  package let files: VirtualFileSystem
  package var fileSystem: any FileSystem { files }

  package func delay(fromForeignClock nanoseconds: Int64) -> Int64 { foreignDelay.meant(by: nanoseconds) }

  /// Returns the deadline unchanged: virtual time costs nothing, and a timer is never late.
  package func coalesced(_ deadline: Int64, within nanoseconds: Int64) -> Int64 { deadline }

  // MARK: - Turns

  package var wantsTurn: Bool {
    !cancelled.isEmpty || !attempts.isEmpty || network.hasNews(at: now) || files.hasNews
  }

  package func turn(until deadline: Int64?, of loop: EventLoop) {
    if deadline != .min && !loop.hasReadyJobs && !wantsTurn {
      turnsWithoutPause = 0
      passTime(until: deadline == .max ? nil : deadline, of: loop)
    } else {
      creepOn(of: loop)
    }
    clock.renew()
    completeCancelled(of: loop)
    for event in network.advance(to: now) { handle(event, of: loop) }
    for descriptor in files.takeReadable() {
      if let id = inputs[descriptor] { attempts.append(id) }
    }
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

  package var wakeDescriptor: Int32 { waker.descriptor }
  package func wake() { waker.wake() }

  /// Waits in real time; -1 is for ever. Returns whether another thread woke the loop.
  private func waitForWake(milliseconds: Int32, of loop: EventLoop) -> Bool {
    var entry = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
    loop.willWait()
    let result = poll(&entry, 1, milliseconds)
    loop.hasWaited()
    guard result > 0 else { return result < 0 }
    waker.clear()
    return true
  }

  package func forget(_ descriptor: Int32) {
    inputs[descriptor] = nil
    outputs[descriptor] = nil
  }

  package func close() {
    clock.end()
    virtualProcesses.close()
    virtualSockets.close()
    files.onChange(nil)
    onNoProgress = { _ in }
  }
}
