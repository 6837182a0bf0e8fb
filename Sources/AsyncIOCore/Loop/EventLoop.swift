// SPDX-License-Identifier: Apache-2.0
// The loop: one thread, its run queue, its timers, its waits and its backend.
//
// Threads. Everything here belongs to the loop's own thread, except functions marked as callable from any thread, which
// enter by the inbox. A thread's loop is a thread-local word, set while the loop runs on it. `isSleeping` and the
// inbox's head form the usual pair for a coalesced wake-up. The loop announces that it is going to sleep, then looks
// into the inbox once more. A sender pushes, then looks whether the loop sleeps. Both use sequential consistency, so
// one of them sees the other.

import CLinux
import CSwiftRuntime
import Glibc
import Synchronization

/// The event loop: runs tasks, I/O and timers on one thread; asyncio's `AbstractEventLoop`.
///
/// Most programs name it only to start it:
///
/// ```swift
/// @main struct App {
///   static func main() {
///     EventLoop.runMain {
///       try await sleep(.seconds(1))
///       print("on backend", EventLoop.current.backendKind)
///     }
///   }
/// }
/// ```
@safe public final class EventLoop: @unchecked Sendable {
  // Safe: the properties above the executors keep them alive.
  // Sendable: see "Threads" at the head of the file.

  package let backend: any Backend
  /// The backend's, without asking it each time.
  package let sockets: any Sockets
  /// Whether this is the loop of `EventLoop.run`, which runs the main actor's jobs.
  package let isMain: Bool
  /// Whether tasks that reach this loop stay on it, and it may run jobs of the main actor; see TaskHomes.
  @safe @exclusivity(unchecked) var keepsTasks = false
  /// Whether the main actor's jobs run here now, so that everything that runs here has that actor to itself.
  @safe @exclusivity(unchecked) package var hasMainActor: Bool
  /// Whether other threads want the main actor too, and have it while this thread waits; see MainActorTurn.
  @safe @exclusivity(unchecked) var takesTurns = false
  /// Whether to store the names of waiting tasks, for reports; for tests only, since it has a cost.
  package let namesTasks: Bool

  // The properties below are reached only from the loop's thread, by functions that do not call out while they hold
  // one. `@exclusivity(unchecked)` omits the run-time check of that, which costs more than the access itself. `@safe`
  // says that the check is not needed.
  @safe @exclusivity(unchecked) var ready = RunQueue()
  @safe @exclusivity(unchecked) var timers = TimerHeap()
  @safe @exclusivity(unchecked) var waits = WaitTable()
  @safe @exclusivity(unchecked) package var operations = OperationTable()
  let inbox = Inbox()
  let isSleeping = Atomic<Bool>(false)
  private let closed = Atomic<Bool>(false)

  /// How the current job was run; a task that is suspended comes back in that way.
  @safe @exclusivity(unchecked) var runningKind = ReadyKind.routed
  /// The item of the current job.
  @safe @exclusivity(unchecked) var runningJob: UInt = 0
  /// See `spendBudget`.
  @safe @exclusivity(unchecked) package var budget = 0
  /// The time, read at most once a turn.
  @safe @exclusivity(unchecked) var cachedTime: Int64 = 0
  @safe @exclusivity(unchecked) var stopRequested = false
  @safe @exclusivity(unchecked) var counters = Counters()
  /// The random order of ready jobs, if enabled.
  @safe @exclusivity(unchecked) package var shuffle: SeededRandom?
  /// See `withRandom`.
  @safe @exclusivity(unchecked) package var random = LoopRandom.system
  @safe @exclusivity(unchecked) package var exceptionHandler: ExceptionHandler?
  /// Called when the run is over, before the remaining tasks are cancelled.
  @safe @exclusivity(unchecked) package var whenFinishing: ((EventLoop) -> Void)?
  /// The waits of tasks that were already cancelled; see `finish`.
  @safe @exclusivity(unchecked) var refusedWaits = RefusedWaits()
  /// Whether a time limit is cancelling its code, and the first wait that ended by it; see ScopeNode.
  @safe @exclusivity(unchecked) var isExpiring = false
  @safe @exclusivity(unchecked) var expiringWait: WaitID?
  /// Read by the watchdog from its thread.
  let heartbeat = Heartbeat()
  package let streamBuffers = BufferPool()
  /// The loops that run together, including this one; empty for a loop that runs alone in its process or test.
  package var group: [EventLoop] = []

  /// The objects of services for this loop, by type; dropped at the end of the run, while the loop still turns.
  @safe @exclusivity(unchecked) var attachments: [ObjectIdentifier: AnyObject] = [:]

  /// See `EndsWithLoop`.
  @safe @exclusivity(unchecked) var dependents: [LoopDependent] = []

  /// Calls on other threads that will return to this loop.
  @safe @exclusivity(unchecked) var calls: [ObjectIdentifier: LoopCall] = [:]

  /// This library's tasks on this loop.
  let tasks = TaskRegistry()

  /// Whether the run is over, and the loop waits for the remaining tasks. Then it must be woken when one of its tasks
  /// ends elsewhere.
  let isFinishing = Atomic<Bool>(false)
  /// How many shielded bodies are running.
  @safe @exclusivity(unchecked) var shieldedBodies = 0

  /// The error of every cancelled wait, made once: a thrown error is an allocation.
  let cancellation: any Error = CancellationError()

  package let anchor: LoopAnchor
  /// The loop's reference to its executor; nil from the loop's end on.
  private let preference: Mutex<LoopTaskExecutor?>
  let unownedPreference: UnownedTaskExecutor
  /// The executor for the loop's own thread, without the mutex.
  @safe private let openPreference: Unmanaged<LoopTaskExecutor>
  let unownedSerial: UnownedSerialExecutor
  let unownedRouter = unsafe RouterExecutor.shared.asUnownedTaskExecutor()
  let unownedMain = unsafe MainLoopExecutor.shared.asUnownedSerialExecutor()

  package init(backend: any Backend, isMain: Bool = false, namesTasks: Bool = false) {
    precondition(KeeperOfJobs.isInstalled)
    self.backend = backend
    sockets = backend.sockets
    self.isMain = isMain
    hasMainActor = isMain
    self.namesTasks = namesTasks
    runningKind = isMain ? .main : .preferring
    cachedTime = backend.now
    let serialExecutor = LoopSerialExecutor()
    anchor = LoopAnchor(executor: serialExecutor)
    let executor = LoopTaskExecutor()
    preference = Mutex(executor)
    openPreference = unsafe Unmanaged.passUnretained(executor)
    unsafe unownedPreference = unsafe executor.asUnownedTaskExecutor()
    unsafe unownedSerial = unsafe serialExecutor.asUnownedSerialExecutor()
    unsafe serialExecutor.loop = self
    unsafe executor.loop = self
  }

  // MARK: - Which loop

  /// The loop that runs on the calling thread; nil if none does.
  @inline(__always)
  package static var onThisThread: EventLoop? {
    // Safety: set from a loop that stays alive while it is set; see `adopt`.
    guard let pointer = unsafe asyncio_current_loop() else { return nil }
    return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// Calls a synchronous body with the loop of the calling thread, which saves retaining a returned loop. False on a
  /// thread without a loop.
  @inline(__always)
  static func withLoopOfThisThread(_ body: (EventLoop) -> Bool) -> Bool {
    // Safety: set from a loop that stays alive while it is set; see `adopt`.
    guard let pointer = unsafe asyncio_current_loop() else { return false }
    return unsafe Unmanaged<EventLoop>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
  }

  /// Whether the calling thread is this loop's.
  @inline(__always)
  package var isCurrent: Bool {
    unsafe asyncio_current_loop() == Unmanaged.passUnretained(self).toOpaque()
  }

  /// Whether code with this isolation, running on this loop's thread, is back on it after each of its waits. Code
  /// outside of actors is, and so is the main actor's on the main loop. Another actor continues where the actor runs:
  /// on another loop's thread, if tasks from there call it as well. Then use `anchor` for everything that belongs to a
  /// loop.
  @inline(__always)
  package func isCurrent(for isolation: (any Actor)?) -> Bool {
    isCurrent && (isolation.map { stays(with: $0) } ?? true)
  }

  /// The loop of the calling thread, if code with this isolation stays on it after its waits; see `isCurrent(for:)`.
  @inline(__always)
  package static func onThisThread(for isolation: (any Actor)?) -> EventLoop? {
    guard let loop = onThisThread, loop.isCurrent(for: isolation) else { return nil }
    return loop
  }

  private func stays(with actor: any Actor) -> Bool { actor === anchor || hasMainActor && actor === MainActor.shared }

  /// The loop of the calling thread. For programs without `EventLoop.run` it is a shared loop, which runs in the
  /// background from its first use on.
  ///
  /// If the system has no thread or descriptor left for the shared loop, this ends the process; `async` functions throw
  /// instead.
  public static var current: EventLoop {
    do { return try currentOrStarted() } catch { fatalError("the shared event loop could not be started: \(error)") }
  }

  /// The loop of the calling thread or the shared one, for calls that can throw.
  package static func currentOrStarted() throws -> EventLoop {
    try onThisThread ?? MainLoop.running ?? BackgroundLoop.shared()
  }

  /// The loop of the calling thread; asyncio's `get_running_loop`.
  ///
  /// - Throws: `EventLoopError.noRunningLoop` on a thread without one.
  public static var running: EventLoop {
    get throws {
      guard let loop = onThisThread else { throw EventLoopError.noRunningLoop }
      return loop
    }
  }

  /// The backend that this loop runs on.
  public var backendKind: BackendKind { backend.kind }

  /// The loop as an executor for tasks that prefer it.
  ///
  /// ```swift
  /// let loop = EventLoop.current
  /// Task(executorPreference: loop.taskExecutor) { try await sleep(.seconds(1)) }
  /// ```
  ///
  /// It may outlive the loop's run: jobs enqueued on it then run elsewhere.
  public var taskExecutor: any TaskExecutor {
    // Safety: the loop closes after its thread's last turn, and holds the executor until then.
    if isCurrent { return unsafe openPreference.takeUnretainedValue() }
    return preference.withLock { $0 ?? LoopTaskExecutor(ofEnded: self) }
  }

  /// Makes the executor hold the loop: a task that prefers it may go on for any time, and names its loop without a
  /// reference. So the loop lives exactly as long as its last such task.
  private func letGoOfExecutor() {
    let executor = preference.withLock { executor in
      unsafe executor?.endedLoop = self
      return executor.take()
    }
    withExtendedLifetime(executor) {}
  }

  // MARK: - The thread

  /// Runs the body with this loop as the thread's own.
  package func adopt<Result>(_ body: () throws -> Result) rethrows -> Result {
    let previous = unsafe asyncio_current_loop()
    unsafe asyncio_set_current_loop(Unmanaged.passUnretained(self).toOpaque())
    defer { unsafe asyncio_set_current_loop(previous) }
    return try withExtendedLifetime(self) { try body() }
  }

  /// Runs turns until the condition holds after a turn.
  package func run(until isDone: () -> Bool) {
    heartbeat.begin()
    while !isDone() {
      turn()
      SignalCenter.handOn()
    }
    heartbeat.end()
  }

  /// Asks a running loop to end after its current turn; asyncio's `stop`. The body of `EventLoop.run` is cancelled.
  /// Callable from any thread.
  public func stop() {
    if isCurrent {
      stopRequested = true
    } else {
      postFromAnywhere { $0.stopRequested = true }
    }
  }

  /// Whether `close` was called. Callable from any thread.
  package var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Ends the loop for good: nothing enters any more, and jobs that come too late run elsewhere.
  package func close() {
    precondition(!isClosed, "the loop was closed already")
    closed.store(true, ordering: .sequentiallyConsistent)
    heartbeat.close()
    if keepsTasks { TaskHomes.end(self) }
    inbox.close(into: &ready)
    while !ready.isEmpty { LateJobs.run(ready.removeFirst(), of: self) }
    timers.forEachWaiting { _, action in
      switch action {
      case .run(let item, _): LateJobs.run(item, of: self)
      // Usually it refers to an object that holds the handle.
      case .call(let handle): handle.cancel()
      case .endWait, .expire: break
      }
    }
    timers = TimerHeap()
    letGo()
    backend.close()
    leaveMainActor()
    letGoOfExecutor()
  }

  /// Drops references to the loop, mostly those through the user's objects, which would keep both alive for ever. Three
  /// kinds of references remain. A task that is suspended on the loop and never resumed has one, and so does a call on
  /// the blocking pool until it returns. A task that prefers the loop has one through its executor.
  private func letGo() {
    operations.forgetSinks()
    attachments.removeAll()
    exceptionHandler = nil
    whenFinishing = nil
    group = []
    dependents = []
    calls = [:]
  }

  // MARK: - Entering

  func enqueue(_ item: ReadyItem) {
    if !tryEnqueue(item) { LateJobs.run(item, of: self) }
  }

  func enqueueFromAnywhere(_ item: ReadyItem) {
    if !enter(item) { LateJobs.run(item, of: self) }
  }

  /// Enqueues an item. Returns false, and leaves the item to the caller, if the loop has ended.
  func tryEnqueue(_ item: ReadyItem) -> Bool {
    guard isCurrent else { return enter(item) }
    ready.append(item)
    return true
  }

  /// Enqueues an item from another thread. Returns false, and leaves the item to the caller, if the loop has ended.
  func enter(_ item: ReadyItem) -> Bool {
    switch inbox.push(item) {
    case .first: if isSleeping.load(ordering: .sequentiallyConsistent) { backend.wake() }
    case .followed: break
    case .closed: return false
    }
    return true
  }

  /// Runs the body on the loop's thread, in a later turn.
  package func postFromAnywhere(_ body: @escaping @Sendable (EventLoop) -> Void) {
    enqueueFromAnywhere(ReadyItem(Handle { [unowned self] in body(self) }))
  }

  /// Puts a job into the run queue after a delay; for `Task.sleep`.
  func schedule(_ item: ReadyItem, after delay: Duration) {
    if !trySchedule(item, after: delay) { LateJobs.run(item, of: self) }
  }

  /// Schedules an item. Returns false, and leaves the item to the caller, if the loop has ended.
  func trySchedule(_ item: ReadyItem, after delay: Duration) -> Bool {
    let sleeper = SwiftTask()
    guard isCurrent else { return post { $0.schedule(item, after: delay, for: sleeper) } }
    schedule(item, after: delay, for: sleeper)
    return true
  }

  private func schedule(_ item: ReadyItem, after delay: Duration, for sleeper: SwiftTask?) {
    let deadline = deadline(after: backend.delay(fromForeignClock: delay.clampedNanoseconds))
    _ = timers.insert(deadline: deadline, .run(item, sleeper))
  }

  /// Runs the body on the loop's thread, in a later turn. Returns false if the loop has ended.
  package func post(_ body: @escaping (EventLoop) -> Void) -> Bool {
    let item = ReadyItem(Handle { [unowned self] in body(self) })
    let entered = enter(item)
    if !entered { item.takeHandle().cancel() }
    return entered
  }
}
