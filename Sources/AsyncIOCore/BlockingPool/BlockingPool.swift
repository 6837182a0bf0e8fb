// SPDX-License-Identifier: Apache-2.0
// Threads for calls that block: libc's name look-ups, files, TLS configurations, and the functions that a program gives
// to `toThread` and to its executors. They are started on demand, at most `limit`, and end after a while without work.
//
// All pools of a process are instances of this class. The library's own calls and those of `toThread` have one pool
// each. So functions of the program that never return don't keep a name from being looked up.
//
// A job that finds a resting thread is handed to it; the thread that rested last has the warmest caches. Otherwise a
// thread is started, or the job joins the line: first come, first served. A thread is told of one job only while it
// rests, so two jobs that come at once never count on the same thread.
//
// One mutex guards everything. Of a loop, a thread of the pool touches only the inbox.

import CLinux
import Glibc
import Synchronization

package final class BlockingPool: Sendable {
  /// The limit of asyncio's default executor: `min(32, cores + 4)`.
  package static let defaultLimit = min(32, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 4)

  /// The library's own calls run here.
  package static let shared = BlockingPool(name: "asyncio-blocking")

  /// Functions of `toThread` run here.
  package static let ofPrograms = BlockingPool(name: "asyncio-thread")

  /// A thread and the job that it was handed.
  private final class Worker: @unchecked Sendable {
    // Sendable: `job` is touched only with the pool's mutex held.
    let wakeUp = WakeUp()
    var job: BlockingJob?
  }

  private struct State {
    var line = JobLine()
    var idle: [Worker] = []
    var threads = 0
    var isShutDown = false
  }

  package let name: String
  package let limit: Int
  /// How many jobs may stand in line.
  private let lineLimit: Int
  private let idleTime: Int64
  private let initializer: (@Sendable () throws -> Void)?
  private let state = Mutex(State())
  /// Settled when the pool is shut down and its last thread has left.
  private let ending = Settlement()

  /// - Parameter initializer: Runs first on each thread. If it throws, the job for which the thread was started is
  ///   refused with that error.
  package init(
    name: String, limit: Int = defaultLimit, lineLimit: Int = 1_000_000, idleTime: Duration = .seconds(10),
    initializer: (@Sendable () throws -> Void)? = nil
  ) {
    self.name = name
    self.limit = limit
    self.lineLimit = lineLimit
    self.idleTime = idleTime.clampedNanoseconds
    self.initializer = initializer
  }

  // MARK: - Jobs

  /// Runs the job on a thread of the pool, in its turn. Callable from any thread.
  ///
  /// - Throws: `SystemError` if the pool has no thread and the system starts none; then the job will not run. With
  ///   fewer threads than its limit, the pool is only slower. `ExecutorError` if the pool is shut down or its line is
  ///   full.
  package func submit(_ job: BlockingJob) throws {
    let worker: Worker? = try state.withLock { state in
      if state.isShutDown { throw ExecutorError(name, .shutDown) }
      if let worker = state.idle.popLast() {
        job.stage = .running
        worker.job = job
        return worker
      }
      guard state.line.count < lineLimit else { throw ExecutorError(name, .lineIsFull(lineLimit)) }
      state.line.append(job)
      guard state.threads < limit else { return nil }
      do { try startThread(&state) } catch  where state.threads == 0 {
        state.line.withdraw(job)
        throw error
      } catch {}
      return nil
    }
    worker?.wakeUp.post()
  }

  /// Runs the body on a thread of the pool, in its turn; see `submit(_:)` for jobs.
  package func submit(_ body: @escaping @Sendable () -> Void) throws { try submit(PlainJob(body)) }

  /// Takes a job out of the line. Returns false if it has started or has been withdrawn: a job runs, is refused, or is
  /// withdrawn.
  package func withdraw(_ job: BlockingJob) -> Bool {
    state.withLock { state in
      guard job.stage == .inLine else { return false }
      state.line.withdraw(job)
      return true
    }
  }

  /// The number of jobs in line, and of threads.
  package var counts: (inLine: Int, threads: Int, idle: Int) {
    state.withLock { ($0.line.count, $0.threads, $0.idle.count) }
  }

  // MARK: - Threads

  /// Starts a thread for the first in line, who stays there if the system starts none. The thread takes the job from
  /// its worker: a job that it captured would live as long as the thread, and keep the loop that it belongs to.
  private func startThread(_ state: inout State) throws(SystemError) {
    let worker = Worker()
    worker.job = state.line.first
    try DetachedThread.start(name: name) { [self] in begin(worker) }
    _ = state.line.takeFirst()
    state.threads += 1
  }

  private func begin(_ worker: Worker) {
    do {
      try initializer?()
      serve(worker)
    } catch {
      state.withLock { _ in worker.job.take() }?.refuse(by: ExecutorError(name, .initializerFailed(error)))
      leave()
    }
  }

  private func serve(_ worker: Worker) {
    var job = state.withLock { _ in worker.job.take() }
    while true {
      // Released before the thread rests: a job holds what its function has captured.
      job.take()?.run()
      let goesOn = state.withLock { state in
        job = state.line.takeFirst()
        if job != nil { return true }
        if state.isShutDown { return false }
        state.idle.append(worker)
        return true
      }
      if goesOn && job == nil { job = rest(worker) }
      if job == nil { break }
    }
    leave()
  }

  /// Waits for a job. Nil if the thread is to end.
  private func rest(_ worker: Worker) -> BlockingJob? {
    while true {
      let wasWoken = worker.wakeUp.wait(nanoseconds: idleTime)
      let (job, isOver) = state.withLock { state -> (BlockingJob?, Bool) in
        if let job = worker.job.take() { return (job, false) }
        guard !wasWoken || state.isShutDown else { return (nil, false) }
        state.idle.removeAll { $0 === worker }
        return (nil, true)
      }
      if job != nil || isOver { return job }
    }
  }

  private func leave() {
    let (isOver, stranded) = state.withLock { state -> (Bool, [BlockingJob]) in
      state.threads -= 1
      // Only after an initializer has failed: other jobs may wait for a thread that there is not.
      if state.threads == 0, state.line.first != nil {
        do { try startThread(&state) } catch { return (false, state.line.takeAll()) }
      }
      return (state.threads == 0 && state.isShutDown, [])
    }
    for job in stranded { job.refuse(by: ExecutorError(name, .noThread)) }
    if isOver { ending.finish(.succeeded) }
  }

  // MARK: - The end

  /// Refuses jobs from now on, and lets the threads end when they have nothing left to do.
  ///
  /// - Parameter cancelsPending: Refuses the jobs in line too, with `CancellationError`.
  package func shutDown(cancelsPending: Bool) {
    let (resting, refused, isOver) = state.withLock { state in
      state.isShutDown = true
      let refused = cancelsPending ? state.line.takeAll() : []
      return (state.idle, refused, state.threads == 0)
    }
    for worker in resting { worker.wakeUp.post() }
    for job in refused { job.refuse(by: CancellationError()) }
    if isOver { ending.finish(.succeeded) }
  }

  /// Waits until the pool, which is shut down, has no thread.
  ///
  /// - Throws: `CancellationError` if the waiting task is cancelled before.
  package nonisolated(nonsending) func waitEnded(_ reason: WaitReason) async throws { try await ending.wait(reason) }
}

/// Wakes one thread.
@safe private final class WakeUp: @unchecked Sendable {
  // Safe: owns the semaphore.
  // Sendable: a semaphore may be used from any thread.
  private let semaphore: UnsafeMutablePointer<sem_t> = .allocate(capacity: 1)

  init() { unsafe sem_init(semaphore, 0, 0) }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func post() { unsafe sem_post(semaphore) }

  /// Returns false if nothing woke the thread in this time of a monotonic clock. The wall clock may be set back by
  /// years, and the thread would stay for as long.
  func wait(nanoseconds: Int64) -> Bool {
    let (end, overflow) = SystemCall.monotonicTime.addingReportingOverflow(nanoseconds)
    var deadline = timespec(nanoseconds: overflow ? .max : end)
    while unsafe sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline) != 0 {
      if errno == ETIMEDOUT { return false }
    }
    return true
  }
}
