// SPDX-License-Identifier: Apache-2.0
// A thread that looks at a loop's heartbeat every quarter of the limit, forty times a second by default. The loop does
// no work for it: its heartbeat, one plain store a job, is always on.
//
// The thread holds the heartbeat and not the loop, so that a forgotten watchdog does not keep a loop alive. It ends
// when the loop is closed.

import CLinux
import Synchronization
import ThreadBacktraces

/// Watches a loop for jobs that keep it too long; see `EventLoop.watchStalls`.
public final class StallWatchdog: Sendable {
  private let heartbeat: Heartbeat
  private let handler: @Sendable (StallReport) -> Void
  private let stopped = ThreadLatch()
  private let ended = ThreadLatch()

  private let failure = Mutex<SystemError?>(nil)

  /// Why the watch could not start: the system had no thread. Nil if it runs, or ran until it was stopped.
  public var startError: SystemError? { failure.withLock { $0 } }

  /// The loop's tasks; nil if the loop is gone.
  private let tasks: @Sendable () -> TaskRegistry?

  init(
    _ heartbeat: Heartbeat, _ tasks: TaskRegistry, limit: Int64, handler: @escaping @Sendable (StallReport) -> Void
  ) {
    self.heartbeat = heartbeat
    self.tasks = { [weak tasks] in tasks }
    self.handler = handler
    do {
      try DetachedThread.start(name: "asyncio-watch") {
        self.watch(StallDetector(limit: limit))
        self.ended.open()
      }
    } catch {
      failure.withLock { $0 = error }
      ended.open()
    }
  }

  /// Ends the watch. A report in progress is still delivered. Callable from any thread.
  public func stop() { stopped.open() }

  /// Ends the watch, and waits for a report in progress: a backtrace takes time, and a program that ends meanwhile
  /// would end without it.
  func finish() {
    stop()
    _ = ended.wait(nanoseconds: 5_000_000_000)
  }

  private func watch(_ initial: StallDetector) {
    var detector = initial
    while !stopped.wait(nanoseconds: detector.interval) && !heartbeat.isClosed {
      let (beat, isBusy) = heartbeat.reading
      if let stuck = detector.look(beat: beat, isBusy: isBusy, at: SystemCall.monotonicTime) {
        report(beat, stuck)
      }
    }
  }

  private func report(_ beat: UInt, _ stuck: Int64) {
    let threadID = heartbeat.threadID
    // The name or backtrace of the next job would accuse the wrong one.
    func isStillStuck() -> Bool { heartbeat.reading.beat == beat }
    let task = heartbeat.runningTask
    let name = task.flatMap { tasks()?.name(ofTaskAt: $0) ?? RunningTask.name(ofTaskAt: $0) }
    let isName = isStillStuck() && heartbeat.runningTask == task
    let backtrace = ThreadBacktrace.capture(threadID: threadID, timeout: .seconds(2), isWanted: isStillStuck)
    handler(
      StallReport(
        duration: .nanoseconds(stuck), taskName: isName ? name : nil, threadID: threadID, backtrace: backtrace,
        outlastedCapture: isStillStuck()))
  }
}

extension EventLoop {
  /// Reports jobs that keep this loop from everything else for longer than `limit`, while they do. The watchdog's own
  /// thread sends the report, with the backtrace of the loop's thread.
  ///
  /// ```swift
  /// try EventLoop.run {
  ///   EventLoop.current.watchStalls(limit: .milliseconds(50))
  ///   try await sleep(.seconds(1))
  /// }
  /// ```
  ///
  /// A job is the code of a task between two waits. A stuck job is reported once it has taken the limit, or up to a
  /// quarter of that later. It is reported again after twice the time, four times, and so on. It costs the loop only
  /// the signal for the backtrace, if the job computes. A job blocked in a system call is not interrupted; see
  /// `ThreadBacktrace`. The watch ends with the loop. Callable from any thread.
  ///
  /// If the system has no thread for the watch, nothing is watched. `StallWatchdog.startError` says so, and the loop's
  /// exception handler is called.
  ///
  /// With `AIO_DEBUG=1` in the environment, `EventLoop.run` watches its loops in this way.
  ///
  /// - Parameters:
  ///   - limit: How long a job may take; more than zero.
  ///   - handler: Receives each report, on the watchdog's thread; nil writes to standard error.
  @discardableResult
  public func watchStalls(
    limit: Duration = .milliseconds(100),
    handler: (@Sendable (StallReport) -> Void)? = nil
  ) -> StallWatchdog {
    require(limit > .zero, "watchStalls: the limit \(limit) is not more than zero")
    let watchdog = StallWatchdog(heartbeat, tasks, limit: max(1, limit.clampedNanoseconds)) { report in
      if let handler { handler(report) } else { writeToStandardError("\(report)\n") }
    }
    if let error = watchdog.startError { reportFromAnywhere("watchStalls: the loop is not watched", error) }
    return watchdog
  }
}
