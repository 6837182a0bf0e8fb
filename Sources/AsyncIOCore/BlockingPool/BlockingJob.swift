// SPDX-License-Identifier: Apache-2.0

/// Work for a thread of a `BlockingPool`. It runs, is refused, or is withdrawn, once.
package class BlockingJob: @unchecked Sendable {
  // Sendable: `stage` is touched only with the pool's mutex held. A subclass is responsible for its own properties.
  enum Stage {
    case inLine, running, withdrawn
  }

  final var stage = Stage.inLine

  init() {}

  /// Called on a thread of the pool.
  func run() {}

  /// Called instead of `run`, on any thread.
  func refuse(by error: any Error) {}
}

/// A job whose end interests no other code. It is dropped if it is refused.
final class PlainJob: BlockingJob, @unchecked Sendable {
  // Sendable: immutable.
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  override func run() { body() }
}

/// A job with functions for its two ends, for code outside of this module.
package final class PoolJob: BlockingJob, @unchecked Sendable {
  // Sendable: immutable.
  private let body: @Sendable () -> Void
  private let whenRefused: @Sendable (any Error) -> Void

  package init(_ body: @escaping @Sendable () -> Void, whenRefused: @escaping @Sendable (any Error) -> Void) {
    self.body = body
    self.whenRefused = whenRefused
  }

  override func run() { body() }
  override func refuse(by error: any Error) { whenRefused(error) }
}

/// Jobs in the order of their arrival. A withdrawn job keeps its place until the line comes to it, or until such places
/// are more than half of the line: withdrawing costs constant time.
struct JobLine {
  private var jobs: [BlockingJob?] = []
  private var head = 0
  /// Jobs that were not withdrawn.
  private(set) var count = 0

  mutating func append(_ job: BlockingJob) {
    jobs.append(job)
    count += 1
  }

  /// The next job, which stays in line.
  var first: BlockingJob? {
    mutating get {
      skip()
      return head < jobs.count ? jobs[head] : nil
    }
  }

  mutating func takeFirst() -> BlockingJob? {
    skip()
    guard head < jobs.count, let job = jobs[head].take() else { return nil }
    head += 1
    count -= 1
    tidy()
    job.stage = .running
    return job
  }

  mutating func takeAll() -> [BlockingJob] {
    var all: [BlockingJob] = []
    while let job = takeFirst() { all.append(job) }
    return all
  }

  /// Marks a job of this line as withdrawn.
  mutating func withdraw(_ job: BlockingJob) {
    job.stage = .withdrawn
    count -= 1
    tidy()
  }

  private mutating func skip() {
    while head < jobs.count, jobs[head]?.stage == .withdrawn {
      jobs[head] = nil
      head += 1
    }
  }

  private mutating func tidy() {
    if count == 0 {
      jobs.removeAll(keepingCapacity: jobs.count < 1024)
      head = 0
    } else if jobs.count > 64 && count < jobs.count / 2 {
      jobs = jobs[head...].filter { $0?.stage == .inLine }
      head = 0
    }
  }
}
