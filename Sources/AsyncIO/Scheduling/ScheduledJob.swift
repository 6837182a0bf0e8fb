// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Synchronization

/// A job of `TaskScope.schedule`. It goes on whether or not this is kept.
///
/// ```swift
/// try await withTaskScope { scope in
///   let job = scope.schedule(.every(.seconds(10)), name: "poll") { _ in try await query() }
///   try await sleep(.seconds(60))
///   print(job.name, job.statistics.succeeded, job.nextRun ?? "never again")
///   job.cancel()
/// }
/// ```
///
/// All members may be used from any thread.
public final class ScheduledJob: Sendable, CustomStringConvertible {
  /// What has become of a job's runs so far.
  public struct Statistics: Hashable, Sendable {
    /// The runs that began.
    public internal(set) var started = 0
    /// Those of them that returned.
    public internal(set) var succeeded = 0
    /// Those of them that threw an error other than a cancellation.
    public internal(set) var failed = 0
    /// Those of them that ended by a cancellation.
    public internal(set) var cancelled = 0
    /// The runs that were left out, because earlier ones went on.
    public internal(set) var leftOut = 0
    /// The runs that were missed, and not made up for.
    public internal(set) var missed = 0
  }

  private struct State {
    var statistics = Statistics()
    var nextRun: WallTime?
    var task: AnyTaskHandle?
    var isCancelled = false
  }

  /// The job's name, also that of its task.
  public let name: String
  private let state = Mutex(State())

  init(name: String) { self.name = name }

  /// What has become of its runs so far.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// When the next run is due by the wall clock, without its jitter; nil once the job has ended.
  public var nextRun: WallTime? { state.withLock { $0.nextRun } }

  /// Whether the job has ended: cancelled, failed, or without further times.
  public var isDone: Bool { state.withLock { $0.task }?.isDone ?? false }

  /// Cancels the job and its runs. Their scope goes on. Returns false if it had already ended.
  ///
  /// - Parameter reason: What `currentCancelReason` says in the runs.
  @discardableResult
  public func cancel(_ reason: String = "") -> Bool { state.withLock { $0.task }?.cancel(reason) ?? false }

  /// The name and the next time.
  public var description: String {
    "job \"\(name)\" (\(isDone ? "done" : nextRun.map { "next at \($0)" } ?? "not started"))"
  }

  func set(_ task: AnyTaskHandle) { state.withLock { $0.task = task } }
  func setNextRun(_ time: WallTime?) { state.withLock { $0.nextRun = time } }
  func count(_ change: (inout Statistics) -> Void) { state.withLock { change(&$0.statistics) } }
}

/// One run of a scheduled job, for its handler.
public struct ScheduledRun: Hashable, Sendable {
  /// The number of the run among those that were due and not missed, from 1 on.
  public let number: Int
  /// The time of the wall clock at which it was due; it may have begun later.
  public let due: WallTime
  /// The runs that were missed since the last one; at most 1,000 are counted at a time.
  public let missed: Int
}

/// What an error of a run does to its job.
public enum JobErrorPolicy: Hashable, Sendable {
  /// The error goes to the loop's exception handler, and the schedule goes on.
  case report
  /// The error is one of the task scope: it cancels the other tasks there, and `withTaskScope` throws it.
  case fail
}

/// A run that was left out, for the loop's exception handler.
struct JobLineError: Error, CustomStringConvertible {
  let limit: Int
  var description: String { "\(limit) earlier runs wait already" }
}
