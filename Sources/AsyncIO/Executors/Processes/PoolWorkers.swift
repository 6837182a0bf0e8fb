// SPDX-License-Identifier: Apache-2.0
// The workers of a pool on the loop that uses it. The calling task itself does the work. It takes its turn, takes a
// worker or starts one, sends, waits for the answer, and gives the worker back. So a cancelled task cancels its own
// job, and nothing runs beside the callers. Everything belongs to the loop's thread.

import AsyncIOCore
import BinaryCoding

final class PoolWorkers: @unchecked Sendable {
  // Sendable: everything but `loop` is used on the loop's thread only.
  let loop: EventLoop
  private let settings: ProcessPoolExecutor.Settings
  private let setUp: [UInt8]
  private let turns: CapacityLimiter
  private var idle: [PoolWorker] = []
  private var all: [ObjectIdentifier: PoolWorker] = [:]
  private var isShutDown = false
  private var cancelsPending = false
  /// Calls in line and in workers.
  private var calls = 0
  private let ending = Settlement()

  init(on loop: EventLoop, _ settings: ProcessPoolExecutor.Settings, setUp: [UInt8]) {
    self.loop = loop
    self.settings = settings
    self.setUp = setUp
    turns = CapacityLimiter(settings.maxWorkers)
  }

  var count: Int { all.count }

  /// Has a worker answer a message with jobs.
  nonisolated(nonsending) func run(_ message: [UInt8], jobs: Int, named job: String) async throws -> [UInt8] {
    let turn = Turn()
    try refuseIfShutDown()
    calls += 1
    defer {
      calls -= 1
      noteEnd()
    }
    try await turns.acquire(onBehalfOf: ObjectIdentifier(turn))
    defer { turns.release(onBehalfOf: ObjectIdentifier(turn)) }
    if cancelsPending { throw CancellationError() }
    let worker = try await takeWorker(for: job)
    worker.jobs += jobs
    do {
      return try await answer(of: worker, to: message, jobs: jobs, job)
    } catch {
      discard(worker)
      throw error
    }
  }

  private final class Turn {}

  private func refuseIfShutDown() throws {
    if isShutDown { throw ExecutorError(settings.name, .shutDown) }
  }

  private nonisolated(nonsending) func answer(
    of worker: PoolWorker, to message: [UInt8], jobs: Int, _ job: String
  ) async throws -> [UInt8] {
    let answer: PoolWorker.Answer
    if let timeLimit = settings.timeLimit {
      do {
        answer = try await withTimeout(timeLimit * jobs) {
          try await worker.exchange(message, limit: settings.messageLimit)
        }
      } catch is TimeoutError {
        throw ProcessPoolError(job, .timeLimit(timeLimit * jobs))
      }
    } else {
      answer = try await worker.exchange(message, limit: settings.messageLimit)
    }
    switch answer {
    case .message(let bytes):
      giveBack(worker)
      return bytes
    case .tooLong(let bytes):
      throw ProcessPoolError(job, .messageTooLong(bytes: bytes, limit: settings.messageLimit))
    case .died: throw try await death(of: worker, job)
    }
  }

  private nonisolated(nonsending) func death(of worker: PoolWorker, _ job: String) async throws -> ProcessPoolError {
    all[ObjectIdentifier(worker)] = nil
    let end = try await worker.waitForDeath()
    return ProcessPoolError(job, .workerDied(process: worker.process, end: end, output: worker.output))
  }

  // MARK: - Workers

  private nonisolated(nonsending) func takeWorker(for job: String) async throws -> PoolWorker {
    // The one that was used last has the warmest caches.
    while let worker = idle.popLast() {
      if worker.isAlive { return worker }
      discard(worker)
    }
    let worker = try await PoolWorker.start(on: loop)
    all[ObjectIdentifier(worker)] = worker
    do {
      let answer: PoolWorker.Answer = try await worker.exchange(setUp, limit: settings.messageLimit)
      guard case .message(let bytes) = answer else { throw try await death(of: worker, job) }
      let reader = ValueReader(bytes)
      if try reader.read(JobMessage.Answer.self) == .failure {
        let failure = try reader.read(JobFailure.self)
        throw ProcessPoolError(job, .initializerFailed(failure.description))
      }
      return worker
    } catch {
      discard(worker)
      throw error
    }
  }

  private func giveBack(_ worker: PoolWorker) {
    guard all[ObjectIdentifier(worker)] != nil else { return }
    if isShutDown || settings.jobsPerWorker.map({ worker.jobs >= $0 }) == true {
      letLeave(worker)
    } else {
      idle.append(worker)
    }
  }

  private func letLeave(_ worker: PoolWorker) {
    worker.leave { [weak self] in self?.forget(worker) }
  }

  /// Kills a worker that was not given back.
  private func discard(_ worker: PoolWorker) {
    guard all[ObjectIdentifier(worker)] != nil, !idle.contains(where: { $0 === worker }) else { return }
    worker.end()
    forget(worker)
  }

  private func forget(_ worker: PoolWorker) {
    all[ObjectIdentifier(worker)] = nil
    noteEnd()
  }

  private func noteEnd() {
    if isShutDown && all.isEmpty && calls == 0 { ending.finish(.succeeded) }
  }

  // MARK: - The end

  func shutDown(cancelsPending: Bool) {
    isShutDown = true
    self.cancelsPending = self.cancelsPending || cancelsPending
    for worker in idle { letLeave(worker) }
    idle = []
    noteEnd()
  }

  nonisolated(nonsending) func waitEnded(_ reason: WaitReason) async throws { try await ending.wait(reason) }

  /// Kills all workers.
  func endAll() {
    isShutDown = true
    idle = []
    let workers = all.values
    all = [:]
    for worker in workers { worker.end() }
    ending.finish(.succeeded)
  }
}

extension PoolWorkers: EndsWithLoop {
  func loopEnds() { endAll() }
}
