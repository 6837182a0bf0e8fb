// SPDX-License-Identifier: Apache-2.0
// The only file that imports the runtime's experimental interfaces (`ExperimentalCustomExecutors`,
// `ExperimentalScheduling`; Swift 6.3): when they change with a toolchain, this is what changes. It holds the classes
// that the runtime knows as executors; each forwards to the loop at once.
//
// Five ways lead a job to a loop, and which way it came decides how it is run (see ReadyKind):
//   - the main executor, for the main actor, while `EventLoop.run` runs;
//   - the router, the process's default executor, for what belongs to no actor;
//   - a loop's task executor, for tasks that prefer that loop;
//   - a loop's serial executor, for actors that live on that loop;
//   - a loop's parking executor (see Park), for a task that is being suspended.
// The classes are immutable, or hold only what is said beside the field, and so Sendable.

import CSwiftRuntime
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

// MARK: - The main actor

/// The main executor of a process whose `main` called `EventLoop.run`: the loop that runs there now, or a backlog for
/// the next one.
final class MainLoopExecutor: MainExecutor, SchedulingExecutor {
  static let shared = MainLoopExecutor()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isDone = EventLoop.withLoopOfThisThread { loop in
      guard loop.isMain else { return false }
      loop.ready.append(ReadyItem(job, .main))
      return true
    }
    if !isDone { MainLoop.enqueue(job) }
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

  /// The main actor's jobs run on the main loop's thread and nowhere else, so whatever runs there has the actor to
  /// itself: a callback too, which is no job of the actor's.
  func isIsolatingCurrentContext() -> Bool? { EventLoop.withLoopOfThisThread { $0.isMain } ? true : nil }

  private func schedule(_ job: UnownedJob, after delay: Duration) {
    guard let loop = MainLoop.running ?? EventLoop.onThisThread else { return MainLoop.enqueue(job) }
    loop.schedule(ReadyItem(job, .main), after: delay)
  }

  // The loop is run by `EventLoop.run`; the runtime itself calls these only in an `async` main, where this executor is
  // never installed.
  func run() throws { preconditionFailure("the main loop is run by EventLoop.run") }
  func stop() { MainLoop.running?.stop() }
}

// MARK: - No actor

/// The process's default executor, installed once and for good: a job goes to the loop of the thread that enqueues it;
/// from a thread without one, to the loop that `EventLoop.run` runs; and if there is none, to the platform's pool.
///
/// One job on a loop's thread does not stay there: that of a task from outside which had hopped to an actor of the loop
/// and now returns. It is told by where it comes from, a job of that actor, and by having no current task: the runtime
/// clears that before it enqueues the task which switches executors, and not when a task creates another.
final class RouterExecutor: TaskExecutor, SchedulingExecutor {
  static let shared = RouterExecutor()
  /// libdispatch's pool.
  private let pool: any TaskExecutor = PlatformExecutorFactory.defaultExecutor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isDone = EventLoop.withLoopOfThisThread { loop in
      guard unsafe loop.runningKind != .serial || asyncio_current_task() != nil else { return false }
      loop.ready.append(ReadyItem(job, .routed))
      return true
    }
    if isDone { return }
    if let loop = MainLoop.running {
      loop.enqueueFromAnywhere(ReadyItem(job, .routed))
    } else {
      pool.enqueue(ExecutorJob(job))
    }
  }

  /// For a job that came too late for its loop.
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
  // Safety: set once, by the loop that owns this executor, before anyone else has either; a loop outlives the tasks
  // that run on it.
  nonisolated(unsafe) unowned(unsafe) var loop: EventLoop!

  func enqueue(_ job: consuming ExecutorJob) { unsafe loop.enqueue(ReadyItem(UnownedJob(job), .preferring)) }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    unsafe loop.schedule(ReadyItem(UnownedJob(job), .preferring), after: swiftDuration(delay))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    let delay = swiftDuration(clock.now.duration(to: instant))
    unsafe loop.schedule(ReadyItem(UnownedJob(job), .preferring), after: delay)
  }
}

/// A loop as a serial executor: for actors that live on it.
final class LoopSerialExecutor: SerialExecutor, SchedulingExecutor {
  // Safety: as for LoopTaskExecutor.
  nonisolated(unsafe) unowned(unsafe) var loop: EventLoop!

  func enqueue(_ job: consuming ExecutorJob) { unsafe loop.enqueue(ReadyItem(UnownedJob(job), .serial)) }

  func isIsolatingCurrentContext() -> Bool? { unsafe loop.isCurrent ? true : nil }

  /// Jobs of a loop that has ended run elsewhere; see LateJobs.
  @inline(never)
  func expectCurrent() {
    unsafe precondition(loop.isCurrent || loop.isClosed, "a job of a loop runs on another thread than the loop's")
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

  /// Hands the platform's own main executor back, so that only the default one changes.
  private struct AsDefault: ExecutorFactory {
    static var mainExecutor: any MainExecutor { PlatformExecutorFactory.mainExecutor }
    static var defaultExecutor: any TaskExecutor { RouterExecutor.shared }
  }

  /// Makes the loop the main and the default executor of the process. Only from a synchronous `main`, before any task.
  static func takeOverMainAndDefault() { _createExecutors(factory: AsMainAndDefault.self) }

  /// Makes only the router the default executor; the main actor stays with the platform.
  static func takeOverDefault() { _createExecutors(factory: AsDefault.self) }
}

/// The two words of a job that belong to whoever has it enqueued: the inbox links its jobs through the first.
@inline(__always)
func withLink<R>(of job: UnownedJob, _ body: (inout UInt) -> R) -> R {
  // Safety: the runtime gives out two words for the executor that holds the job, aligned to a word.
  unsafe ExecutorJob(job).withUnsafeExecutorPrivateData { data in
    unsafe body(&data.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt.self).pointee)
  }
}

/// The runtime schedules only for the standard library's clocks, whose unit this is; any other clock brings its own
/// `sleep`.
private func swiftDuration<D: DurationProtocol>(_ duration: D) -> Duration {
  guard let duration = duration as? Duration else {
    preconditionFailure("\(D.self) is not Swift.Duration: a loop cannot tell how long that is")
  }
  return duration
}
