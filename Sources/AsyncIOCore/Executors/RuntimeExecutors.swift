// SPDX-License-Identifier: Apache-2.0
// The only file that imports the runtime's experimental interfaces (`ExperimentalCustomExecutors`,
// `ExperimentalScheduling`; Swift 6.3). When they change with a toolchain, only this file changes. It holds the classes
// that the runtime knows as executors; each forwards to the loop at once.
//
// Four ways lead a job to a loop, and the way decides how the job is run (see ReadyKind):
//   - the main executor, for the main actor, while `EventLoop.run` runs;
//   - the router, the process's default executor, for what belongs to no actor;
//   - a loop's task executor, for tasks that prefer that loop;
//   - a loop's serial executor, for actors that live on that loop.
// The classes are immutable, or hold only what a comment at the field explains, and so are Sendable.

import CLinux
import CSwiftRuntime
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

// MARK: - The main actor

/// The main executor of a process whose `main` called `EventLoop.run`: it passes jobs to the running loop, or keeps a
/// backlog for the next one. In a process that runs tests, a job may belong to a test's loop: it is enqueued on that
/// loop's thread, or continues one of its tasks. Such a job stays there. Other jobs go to the previous main executor.
final class MainLoopExecutor: MainExecutor, SchedulingExecutor {
  static let shared = MainLoopExecutor()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isDone = EventLoop.withLoopOfThisThread { loop in
      if loop.keepsTasks { return loop.keep(job, as: .main) }
      guard loop.isMain && !loop.takesTurns else { return false }
      loop.ready.append(ReadyItem(job, .main))
      return true
    }
    if isDone { return }
    if TaskHomes.areKept, let home = TaskHomes.home(of: job) { return home.enqueueFromAnywhere(ReadyItem(job, .main)) }
    enqueueOutside(job)
  }

  /// Passes on a job that belongs to no test, or came too late for its loop.
  func enqueueOutside(_ job: UnownedJob) {
    if ExecutorInstallation.ownsMainThread { MainLoop.enqueue(job) } else { PlatformMainActor.enqueue(job) }
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    if !ExecutorInstallation.ownsMainThread && EventLoop.onThisThread == nil {
      PlatformMainActor.scheduling.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
    } else {
      schedule(UnownedJob(job), after: swiftDuration(delay))
    }
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    if !ExecutorInstallation.ownsMainThread && EventLoop.onThisThread == nil {
      PlatformMainActor.scheduling.enqueue(job, at: instant, tolerance: tolerance, clock: clock)
    } else {
      schedule(UnownedJob(job), after: swiftDuration(clock.now.duration(to: instant)))
    }
  }

  /// The main actor's jobs run on the main loop's thread and nowhere else. So everything on that thread has the actor
  /// to itself, even a callback, which is not a job of the actor. A test's loop that has taken the actor has it as
  /// well.
  func isIsolatingCurrentContext() -> Bool? {
    if let loop = EventLoop.onThisThread { return loop.hasMainActor ? true : nil }
    return ExecutorInstallation.ownsMainThread ? nil : PlatformMainActor.executor.isIsolatingCurrentContext()
  }

  func checkIsolated() {
    if EventLoop.onThisThread == nil && !ExecutorInstallation.ownsMainThread {
      PlatformMainActor.executor.checkIsolated()
    } else {
      fatalError("Unexpected isolation context, expected to be executing on the main actor")
    }
  }

  private func schedule(_ job: UnownedJob, after delay: Duration) {
    let loop = EventLoop.onThisThread.flatMap { $0.keepsTasks ? $0 : nil } ?? MainLoop.running ?? EventLoop.onThisThread
    guard let loop else { return MainLoop.enqueue(job) }
    loop.schedule(ReadyItem(job, .main), after: delay)
  }

  // `EventLoop.run` runs the main loop. The runtime calls these only in an `async` main, whose executor is the previous
  // one.
  func run() throws {
    precondition(!ExecutorInstallation.ownsMainThread, "the main loop is run by EventLoop.run")
    try PlatformMainActor.executor.run()
  }

  func stop() {
    if ExecutorInstallation.ownsMainThread { MainLoop.running?.stop() } else { PlatformMainActor.executor.stop() }
  }
}

/// The main executor before a test's loop first needed one: usually libdispatch's main queue.
enum PlatformMainActor {
  /// Read before ours is installed.
  static let executor: any MainExecutor = MainActor.executor
  private static let isDispatch = type(of: executor) == type(of: PlatformExecutorFactory.mainExecutor)

  /// Enqueues a job there, when no loop has the main actor.
  static func enqueue(_ job: UnownedJob) {
    // Safety: the job is passed through as the word that it is, and run once.
    let word = unsafe UnsafeMutableRawPointer(bitPattern: unsafeBitCast(job, to: UInt.self))
    let isQueued =
      unsafe isDispatch
      && asyncio_enqueue_on_dispatch_main_queue(word) { word in
        let job = unsafe unsafeBitCast(UInt(bitPattern: word), to: UnownedJob.self)
        MainActorTurn.take()
        unsafe job.runSynchronously(on: MainLoopExecutor.shared.asUnownedSerialExecutor())
        MainActorTurn.giveBack()
      }
    if !isQueued { executor.enqueue(ExecutorJob(job)) }
  }

  static var scheduling: any SchedulingExecutor {
    guard let scheduling = executor as? any SchedulingExecutor ?? RouterExecutor.shared.pool as? any SchedulingExecutor
    else { preconditionFailure("neither of the platform's executors has timers") }
    return scheduling
  }
}

// MARK: - No actor

/// The process's default executor, installed once and for good. A job goes to the loop of the thread that enqueues it.
/// From a thread without a loop it goes to the loop of `EventLoop.run` or, if that does not run, to the platform's
/// pool.
///
/// One kind of job on a loop's thread does not stay there. A task from outside may have hopped to an actor of the loop,
/// and now return. Its job comes from a job of that actor, without a current task. The runtime clears the current task
/// before it enqueues a task that switches executors, but not when a task creates another.
///
/// A task that waited for another (`await task.value`) is enqueued here when that one ends, whatever its actor is. If
/// the other ran on the main actor, most likely the waiting one does. So it is resumed there, which saves its job the
/// way to the main executor. A wrong guess costs one job, when the task next asks to leave all actors.
final class RouterExecutor: TaskExecutor, SchedulingExecutor {
  static let shared = RouterExecutor()
  /// libdispatch's pool.
  let pool: any TaskExecutor = PlatformExecutorFactory.defaultExecutor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isDone = EventLoop.withLoopOfThisThread { loop in
      if loop.keepsTasks { return loop.keep(job, as: .routed) }
      if unsafe asyncio_current_task() == nil {
        if loop.runningKind == .serial { return false }
        if loop.runningKind == .main && loop.mayResumeOnMainActor(job) {
          loop.ready.append(ReadyItem(job, .main))
          return true
        }
      }
      loop.ready.append(ReadyItem(job, .routed))
      return true
    }
    if isDone { return }
    if TaskHomes.areKept, let home = TaskHomes.home(of: job) {
      return home.enqueueFromAnywhere(ReadyItem(job, .routed))
    }
    if let loop = MainLoop.running {
      loop.enqueueFromAnywhere(ReadyItem(job, .routed))
    } else {
      pool.enqueue(ExecutorJob(job))
    }
  }

  /// Enqueues a job that came too late for its loop.
  func enqueueOnPool(_ job: UnownedJob) { pool.enqueue(ExecutorJob(job)) }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    if let loop = EventLoop.onThisThread ?? MainLoop.running {
      loop.schedule(ReadyItem(UnownedJob(job), .routed), after: swiftDuration(delay))
    } else if let pool = pool as? any SchedulingExecutor {
      pool.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
    } else {
      preconditionFailure("the platform's default executor has no timers")
    }
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    if let loop = EventLoop.onThisThread ?? MainLoop.running {
      loop.schedule(ReadyItem(UnownedJob(job), .routed), after: swiftDuration(clock.now.duration(to: instant)))
    } else if let pool = pool as? any SchedulingExecutor {
      pool.enqueue(job, at: instant, tolerance: tolerance, clock: clock)
    } else {
      preconditionFailure("the platform's default executor has no timers")
    }
  }
}

// MARK: - One loop

/// A loop as a task executor: for `Task(executorPreference:)` and `withTaskExecutorPreference`.
final class LoopTaskExecutor: TaskExecutor, SchedulingExecutor {
  // Safety: the loop that owns this executor sets it once, before other code has either. The loop owns the executor
  // until its end; from then on the executor owns the loop.
  nonisolated(unsafe) unowned(unsafe) var loop: EventLoop!
  // Safety: set once, at the loop's end, behind its mutex, and never read.
  nonisolated(unsafe) var endedLoop: EventLoop?

  init() {}

  /// For callers that ask a loop for its executor after its end, when it has none.
  init(ofEnded loop: EventLoop) {
    unsafe self.loop = loop
    unsafe endedLoop = loop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if unsafe !loop.tryEnqueue(ReadyItem(job, .preferring)) { LateJobs.run(job, preferring: self) }
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    schedule(UnownedJob(job), after: swiftDuration(delay))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    schedule(UnownedJob(job), after: swiftDuration(clock.now.duration(to: instant)))
  }

  private func schedule(_ job: UnownedJob, after delay: Duration) {
    let isScheduled = unsafe loop.trySchedule(ReadyItem(job, .preferring), after: delay)
    if !isScheduled { LateJobs.run(job, preferring: self) }
  }
}

/// A loop as a serial executor: for actors that live on it.
final class LoopSerialExecutor: SerialExecutor, SchedulingExecutor {
  // Safety: set once, as in LoopTaskExecutor. Every owner of a task on this executor holds the loop, see
  // `LoopAnchor.run`.
  nonisolated(unsafe) unowned(unsafe) var loop: EventLoop!

  func enqueue(_ job: consuming ExecutorJob) { unsafe loop.enqueue(ReadyItem(UnownedJob(job), .serial)) }

  func isIsolatingCurrentContext() -> Bool? { unsafe loop.isCurrent ? true : nil }

  /// The loop of the calling task. Jobs of a loop that has ended run elsewhere; see LateJobs.
  @inline(never)
  func expectCurrent() -> EventLoop {
    unsafe precondition(loop.isCurrent || loop.isClosed, "a job of a loop runs on another thread than the loop's")
    return unsafe loop
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    unsafe loop.schedule(ReadyItem(UnownedJob(job), .serial), after: swiftDuration(delay))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    unsafe loop.schedule(ReadyItem(UnownedJob(job), .serial), after: swiftDuration(clock.now.duration(to: instant)))
  }
}

// MARK: - Installing them

enum RuntimeExecutors {
  private struct AsMainAndDefault: ExecutorFactory {
    static var mainExecutor: any MainExecutor { MainLoopExecutor.shared }
    static var defaultExecutor: any TaskExecutor { RouterExecutor.shared }
  }

  /// Keeps the current main executor, so that only the default one changes.
  private struct AsDefault: ExecutorFactory {
    static var mainExecutor: any MainExecutor { MainActor.executor }
    static var defaultExecutor: any TaskExecutor { RouterExecutor.shared }
  }

  /// Makes the loop the main and the default executor of the process. A synchronous `main` calls it before any task.
  /// Called later, the main actor's jobs go where they went before, except those of loops that keep their tasks.
  static func takeOverMainAndDefault() {
    _ = PlatformMainActor.executor
    _createExecutors(factory: AsMainAndDefault.self)
  }

  /// Makes only the router the default executor; the platform keeps the main actor.
  static func takeOverDefault() { _createExecutors(factory: AsDefault.self) }

  /// Whether the main executor is ours: another library may have installed one after us.
  static var hasMainActor: Bool { MainActor.executor === MainLoopExecutor.shared }
}

extension EventLoop {
  /// Whether a job that came from a job of the main actor is another task's: one that leaves the actor is its own.
  fileprivate func mayResumeOnMainActor(_ job: UnownedJob) -> Bool {
    isMain && !takesTurns && ReadyItem(job, .main).word != runningJob && isTask(job)
  }
}

/// Whether the job is a task's own, and not one that continues a task (`Task.yield`) or an actor.
func isTask(_ job: UnownedJob) -> Bool { ExecutorJob(job).kind == .task }

/// The two words of a job that belong to its current executor: the inbox links its jobs through the first.
@inline(__always)
func withLink<R>(of job: UnownedJob, _ body: (inout UInt) -> R) -> R {
  // Safety: the runtime gives two words, aligned to a word, to the executor that holds the job.
  unsafe ExecutorJob(job).withUnsafeExecutorPrivateData { data in
    unsafe body(&data.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt.self).pointee)
  }
}

/// Converts a duration. The runtime schedules only for the standard library's clocks, which use this unit; other clocks
/// have their own `sleep`.
private func swiftDuration<D: DurationProtocol>(_ duration: D) -> Duration {
  guard let duration = duration as? Duration else {
    preconditionFailure("\(D.self) is not Swift.Duration: a loop cannot tell how long that is")
  }
  return duration
}
