// SPDX-License-Identifier: Apache-2.0
// A job is a task of the scope: it waits for the next time and starts a run. Each run is a task of a scope within the
// job, so it ends before the job does, and the job before the scope.

import AsyncIOCore
import Synchronization

/// What a scheduled job does.
public typealias JobHandler = @Sendable @isolated(any) (ScheduledRun) async throws -> Void

extension TaskScope {
  /// Runs the handler at the times of a schedule, until the scope is cancelled or the schedule has ended; APScheduler's
  /// `add_job`.
  ///
  /// ```swift
  /// try await withTaskScope { scope in
  ///   scope.schedule(.every(.seconds(10)), name: "poll") { _ in try await query() }
  ///   let nightly = try Schedule.cron("30 3 * * *", in: .named("Europe/Berlin"))
  ///   scope.schedule(nightly, name: "nightly", jitter: .seconds(60)) { run in print("due at \(run.due)") }
  /// }
  /// ```
  ///
  /// The job is a task with its name, and each run is a task named after the job and its time. A scope with a job that
  /// never ends goes on until it is cancelled, as a server does.
  ///
  /// **Clocks.** `.every` follows the loop's clock. Cron expressions and `.at` follow the wall clock, also when it is
  /// set. Set forward, it makes runs miss their times, see `missed`. Set back by up to three hours, it shows times
  /// again. An expression whose hour or minute begins with `*` runs again at them, and no other does. Set back further,
  /// the expression's times begin anew. In virtual time a test of ten years takes a second.
  ///
  /// **Cancellation** of the scope or of the job cancels its runs and waits for them. A run that is cancelled by itself
  /// ends, and the schedule goes on.
  ///
  /// - Parameters:
  ///   - name: The name of the job, for reports; `job` and its place in the source if nil.
  ///   - missed: What becomes of runs that were not made in time; by default one run makes up for all.
  ///   - overlap: What becomes of a run that is due while an earlier one goes on; by default it is left out.
  ///   - jitter: Each run begins up to this much later, at random from the loop, but before the next one is due. So
  ///     many machines don't all call a server in the same second.
  ///   - onError: What an error of a run does; by default the loop's exception handler gets it.
  @discardableResult
  public func schedule(
    _ schedule: Schedule, name: String? = nil, missed: MissedRuns = .once, overlap: OverlapPolicy = .skip,
    jitter: Duration = .zero, onError: JobErrorPolicy = .report, file: StaticString = #fileID, line: UInt = #line,
    @_inheritActorContext _ handler: @escaping JobHandler
  ) -> ScheduledJob {
    let job = ScheduledJob(name: name ?? "job at \(file):\(line)")
    // From now on, not from the time at which the task starts.
    let loop = EventLoop.current
    let course = schedule.course(on: loop, missed: missed)
    job.setNextRun(course.nextRun(on: loop))
    let runs = JobRuns(
      job: job, overlap: overlap, jitter: jitter, onError: onError, file: file, line: line, handler: handler)
    job.set(
      createTask(name: job.name, isolation: nil, file: file, line: line) {
        defer { job.setNextRun(nil) }
        try await runs.run(course)
      })
    return job
  }
}

/// The runs of one job.
private final class JobRuns: Sendable {
  private struct State {
    var overlap: OverlapState<ScheduledRun>
    var number = 0
    var tasks: [AnyTaskHandle] = []
  }

  private let job: ScheduledJob
  private let jitter: Duration
  private let onError: JobErrorPolicy
  private let file: StaticString
  private let line: UInt
  private let handler: JobHandler
  private let state: Mutex<State>

  init(
    job: ScheduledJob, overlap: OverlapPolicy, jitter: Duration, onError: JobErrorPolicy, file: StaticString,
    line: UInt, handler: @escaping JobHandler
  ) {
    self.job = job
    self.jitter = jitter
    self.onError = onError
    self.file = file
    self.line = line
    self.handler = handler
    state = Mutex(State(overlap: OverlapState(overlap)))
  }

  func run(_ course: Schedule.Course) async throws {
    try await withTaskScope { scope in
      try await onCurrentLoop { loop in
        var course = course
        while let (due, missed) = try await course.nextDue(on: loop) {
          let next = course.nextRun(on: loop)
          self.job.count { $0.missed += missed }
          try await self.delay(due: due, next: next)
          let begun = self.begin(due: due, missed: missed, in: scope)
          self.job.setNextRun(next)
          // Runs that make up for missed ones don't overlap: the overlap policy would leave all but the first out.
          if let begun, course.isDue(on: loop) { try await begun.settlement.wait(WaitReason("end a run", on: begun)) }
        }
        self.job.setNextRun(nil)
      }
    }
  }

  private func delay(due: WallTime, next: WallTime?) async throws {
    guard jitter > .zero else { return }
    let room = next.map { due.duration(to: $0) - .nanoseconds(1) } ?? jitter
    let longest = max(0, min(jitter, room).clampedNanoseconds)
    let delay = EventLoop.withRandom { Int64.random(in: 0...longest, using: &$0) }
    if delay > 0 { try await sleep(.nanoseconds(delay)) }
  }

  /// Returns the task of the run, if that begins now.
  private func begin(due: WallTime, missed: Int, in scope: TaskScope) -> AnyTaskHandle? {
    let (run, decision, running) = state.withLock { state in
      state.number += 1
      let run = ScheduledRun(number: state.number, due: due, missed: missed)
      return (run, state.overlap.due(run), state.tasks)
    }
    switch decision {
    case .start: return start(run, in: scope)
    case .waits: break
    case .leftOut: job.count { $0.leftOut += 1 }
    case .lineIsFull(let isNew):
      job.count { $0.leftOut += 1 }
      if isNew, case .queue(let limit) = state.withLock({ $0.overlap.policy }) {
        EventLoop.current.reportFromAnywhere("\(name(of: run)) was left out", JobLineError(limit: limit))
      }
    case .cancelRunning(let replaced):
      job.count { $0.leftOut += replaced }
      for task in running { task.cancel("the next run of the job is due") }
    }
    return nil
  }

  private func name(of run: ScheduledRun) -> String { "job \"\(job.name)\", due \(run.due)" }

  @discardableResult
  private func start(_ run: ScheduledRun, in scope: TaskScope) -> AnyTaskHandle {
    job.count { $0.started += 1 }
    let task = scope.createTask(name: "\(job.name) \(run.due)", isolation: nil, file: file, line: line) {
      defer { self.ended(in: scope) }
      try await self.call(run)
    }
    state.withLock { state in
      state.tasks.removeAll { $0.isDone }
      state.tasks.append(task)
    }
    return task
  }

  private func call(_ run: ScheduledRun) async throws {
    do {
      try await handler(run)
      job.count { $0.succeeded += 1 }
    } catch let error as CancellationError {
      job.count { $0.cancelled += 1 }
      throw error
    } catch {
      job.count { $0.failed += 1 }
      if onError == .fail { throw error }
      EventLoop.current.reportFromAnywhere("\(name(of: run)) failed", error)
    }
  }

  /// Starts the run that has waited for the end of this one, unless the job is cancelled.
  private func ended(in scope: TaskScope) {
    guard let next = state.withLock({ $0.overlap.ended() }), !scope.isTaskCancelled else { return }
    start(next, in: scope)
  }
}

extension Schedule.Course {
  /// The wall time of what is due next.
  func nextRun(on loop: EventLoop) -> WallTime? {
    switch self {
    case .loopTime(let times): times.due.map { loop.wallTime + loop.time.duration(to: $0) }
    case .wallTime(let course): course.times.due
    }
  }

  /// Whether the next run is due already.
  func isDue(on loop: EventLoop) -> Bool {
    switch self {
    case .loopTime(let times): times.due.map { $0 <= loop.time } ?? false
    case .wallTime(let course): course.times.due.map { $0 <= loop.wallTime } ?? false
    }
  }

  /// Waits for what is due next; nil at the end of the schedule.
  mutating func nextDue(on loop: EventLoop) async throws -> (due: WallTime, missed: Int)? {
    switch self {
    case .loopTime(var times):
      defer { self = .loopTime(times) }
      while true {
        switch times.step(now: loop.time) {
        case .end: return nil
        case .run(let due, let missed): return (loop.wallTime + loop.time.duration(to: due), missed)
        case .wait(let time): try await sleep(loop.time.duration(to: time))
        }
      }
    case .wallTime(var course):
      defer { self = .wallTime(course) }
      while true {
        switch course.step(on: loop) {
        case .end: return nil
        case .run(let due, let missed): return (due, missed)
        case .wait(let time): _ = try await loop.waitOnce(until: time)
        }
      }
    }
  }
}
