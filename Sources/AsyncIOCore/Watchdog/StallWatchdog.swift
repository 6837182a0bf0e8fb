// SPDX-License-Identifier: Apache-2.0
// A thread that looks at a loop's heartbeat every quarter of the limit, forty times a second by default. The loop itself
// does nothing for it: it beats anyway, one plain store a job.
//
// The thread holds the heartbeat and not the loop, so that a forgotten watchdog keeps no loop, and it ends by itself
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

  /// Why nothing is watched: there was no thread to be had. Nil for a watch that runs, or ran until it was stopped.
  public var startError: SystemError? { failure.withLock { $0 } }

  /// The loop's tasks, unless it is gone.
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

  /// Ends the watch. A report that is under way is still delivered. From any thread.
  public func stop() { stopped.open() }

  /// Ends the watch, and waits for a report that is under way: a backtrace takes its time, and a program that ends
  /// meanwhile would end without it.
  func finish() {
    stop()
    _ = ended.wait(nanoseconds: 5_000_000_000)
  }

  private func watch(_ initial: StallDetector) {
    var detector = initial
    while !stopped.wait(nanoseconds: detector.interval) && !heartbeat.isClosed {
      let (beat, isBusy) = heartbeat.reading
      if let stuck = detector.look(beat: beat, isBusy: isBusy, at: asyncio_monotonic_nanoseconds()) {
        report(beat, stuck)
      }
    }
  }

  private func report(_ beat: UInt, _ stuck: Int64) {
    let threadID = heartbeat.threadID
    // A name or a backtrace of the next job would accuse the wrong one.
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
  /// Reports jobs that keep this loop from everything else for longer than `limit`, while they do: with the backtrace
  /// of the loop's thread, from a thread of the watchdog's own.
  ///
  /// ```swift
  /// try EventLoop.run {
  ///   EventLoop.current.watchStalls(limit: .milliseconds(50))
  ///   try await sleep(.seconds(1))
  /// }
  /// ```
  ///
  /// A job is what a task does between two waits. One that is stuck is reported once it has taken the limit, or up to a
  /// quarter of that later, and again after twice the time, four times, and so on. It costs the loop nothing but, if the
  /// job computes, the signal that takes the backtrace. A job that is blocked in a system call is not interrupted; see
  /// `ThreadBacktrace`. The watch ends with the loop. From any thread.
  ///
  /// Where there is no thread to be had nothing is watched: `StallWatchdog.startError` says so, and the loop's exception
  /// handler is told.
  ///
  /// `AIO_DEBUG=1` in the environment has `EventLoop.run` watch its loops like this.
  ///
  /// - Parameters:
  ///   - limit: How long a job may take; more than zero.
  ///   - handler: Gets each report, on the watchdog's thread; nil is a message on standard error.
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
