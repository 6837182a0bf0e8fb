// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore
import BinaryCoding
import Synchronization

/// A pool of processes for jobs that compute; concurrent.futures' `ProcessPoolExecutor`.
///
/// ```swift
/// struct Square: ProcessJob {
///   let n: Int
///   func run() -> Int { n * n }
/// }
///
/// let pool = ProcessPoolExecutor(maxWorkers: 4)
/// let squares = try await pool.map(Square.init, 0..<10)
/// await pool.shutdown()
/// ```
///
/// Swift's threads compute in parallel, so most work is better off with `toThread`. Processes are for work that may
/// crash, leak or grow, that uses a library with global state, or that must be stopped: **cancellation kills the job**.
///
/// A worker is this program, started once more. It never comes to `main`, and nothing has to be prepared there. A
/// worker that dies fails its own call only, with its signal and the end of what it wrote to its standard error. The
/// next job gets a new one. Workers are started on demand. They have a process group of their own, so Ctrl-C doesn't
/// reach them, and they end with the program, however that ends. Their output and errors go to those of the program.
///
/// The pool belongs to the loop that uses it first; calls of other loops hop there. Its workers end with that loop at
/// the latest. In virtual time jobs run in the program's own process, at once, through the same encoding.
public final class ProcessPoolExecutor: Sendable {
  struct Settings: Sendable {
    let name: String
    let maxWorkers: Int
    let jobsPerWorker: Int?
    let memoryLimit: Int?
    let timeLimit: Duration?
    let messageLimit: Int
  }

  /// The most workers at a time.
  public var maxWorkers: Int { settings.maxWorkers }
  private let settings: Settings
  private let initializer: (any ProcessJob)?
  private let workers = Mutex<PoolWorkers?>(nil)
  private let wasShutDown = Atomic<Bool>(false)

  /// Makes a pool, without workers so far.
  ///
  /// Traps if a number or limit isn't positive.
  ///
  /// - Parameters:
  ///   - maxWorkers: The most processes at a time; as many as there are cores if nil.
  ///   - jobsPerWorker: After how many jobs a worker is replaced; nil for never. It bounds what jobs leak.
  ///   - memoryLimit: How many bytes a worker may map beyond those of its start (RLIMIT_AS). Swift ends a process that
  ///     gets no memory.
  ///   - timeLimit: How long a job may take. A message of `map` may take as long as all of its jobs.
  ///   - messageLimit: The most bytes of a message, to a worker or back.
  ///   - initializer: A job that runs first in each worker. If it fails, so does the job for which the worker was
  ///     started.
  public init(
    maxWorkers: Int? = nil, name: String = "process-pool", jobsPerWorker: Int? = nil, memoryLimit: Int? = nil,
    timeLimit: Duration? = nil, messageLimit: Int = 256 << 20, initializer: (any ProcessJob)? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    let workers = maxWorkers ?? EventLoop.availableCores
    for (what, number) in [
      ("number of workers", workers), ("number of jobs per worker", jobsPerWorker ?? 1),
      ("memory limit", memoryLimit ?? 1), ("message limit", messageLimit),
    ] {
      require(number > 0, "ProcessPoolExecutor: the \(what), \(number), isn't positive", file: file, line: line)
    }
    require(messageLimit < 1 << 32, "ProcessPoolExecutor: a message has less than 4 GiB", file: file, line: line)
    settings = Settings(
      name: name, maxWorkers: workers, jobsPerWorker: jobsPerWorker, memoryLimit: memoryLimit, timeLimit: timeLimit,
      messageLimit: messageLimit)
    self.initializer = initializer
  }

  deinit {
    guard let workers = workers.withLock({ $0.take() }) else { return }
    _ = workers.loop.post { _ in workers.endAll() }
  }

  // MARK: - Jobs

  /// Runs a job in a worker, and waits for its result; concurrent.futures' `submit`.
  ///
  /// ```swift
  /// let nine = try await pool.submit(Square(n: 3))
  /// async let four = pool.submit(Square(n: 2))
  /// print(nine, try await four)
  /// ```
  ///
  /// Jobs are served first come, first served. `createTask { try await pool.submit(job) }` makes a handle.
  ///
  /// **Cancellation** of a caller in line ends the call; the job never starts. Later it kills the worker, and with it
  /// the job.
  ///
  /// - Throws: What the job throws, if that error is `Codable`; `ProcessPoolError`; `EncodingError` and `DecodingError`
  ///   of the job and its result; `ExecutorError` if the pool is shut down; `SystemError` if no process can be started;
  ///   `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) func submit<Job: ProcessJob>(_ job: Job) async throws -> Job.Output {
    try await run([job], 0..<1)[0]
  }

  /// Makes a job of each element, runs the jobs in workers, and returns their results in the elements' order;
  /// concurrent.futures' `map`, multiprocessing's `Pool.map`.
  ///
  /// ```swift
  /// let squares = try await pool.map(Square.init, 0..<10)
  /// ```
  ///
  /// The jobs travel by chunks. The first error ends the call: the workers that run other chunks are killed.
  ///
  /// **Cancellation** of the caller kills the workers that run its jobs.
  ///
  /// - Parameter chunkSize: How many jobs go to a worker at a time; nil divides them by four times the number of
  ///   workers, up to 2048.
  /// - Throws: As `submit` does.
  public nonisolated(nonsending) func map<Element, Job: ProcessJob>(
    _ makeJob: (Element) throws -> Job, _ elements: some Sequence<Element>, chunkSize: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) async throws -> [Job.Output] {
    try await map(try elements.map(makeJob), chunkSize: chunkSize, file: file, line: line)
  }

  /// Runs jobs in workers, and returns their results in the jobs' order.
  ///
  /// ```swift
  /// let squares = try await pool.map([Square(n: 1), Square(n: 2)])
  /// ```
  ///
  /// - Throws: As `submit` does.
  public nonisolated(nonsending) func map<Job: ProcessJob>(
    _ jobs: [Job], chunkSize: Int? = nil, file: StaticString = #fileID, line: UInt = #line
  ) async throws -> [Job.Output] {
    if let chunkSize {
      require(chunkSize > 0, "map: the chunk size \(chunkSize) isn't positive", file: file, line: line)
    }
    let size = chunkSize ?? max(1, min(jobs.count / (4 * maxWorkers), 2048))
    let starts = Array(stride(from: 0, to: jobs.count, by: size))
    if starts.count <= 1 { return jobs.isEmpty ? [] : try await run(jobs, 0..<jobs.count) }
    let parts = try await gather(starts, limit: maxWorkers) { start in
      try await self.run(jobs, start..<min(start + size, jobs.count))
    }
    return parts.flatMap { $0 }
  }

  /// Refuses jobs from now on; concurrent.futures' `shutdown`.
  ///
  /// - Parameters:
  ///   - wait: Whether to wait until all jobs have ended and the workers are gone.
  ///   - cancelPending: Whether calls that stand in line throw `CancellationError` instead of being served.
  ///
  /// **Cancellation** of the caller ends the waiting, and the pool stays shut down.
  public nonisolated(nonsending) func shutdown(wait: Bool = true, cancelPending: Bool = false) async {
    wasShutDown.store(true, ordering: .releasing)
    guard let workers = workers.withLock({ $0 }), !workers.loop.isClosed else { return }
    try? await on(workers) { workers in
      workers.shutDown(cancelsPending: cancelPending)
      if wait { try await workers.waitEnded(WaitReason("wait for the end of workers")) }
    }
  }

  // MARK: - Messages

  private nonisolated(nonsending) func run<Job: ProcessJob>(
    _ jobs: [Job], _ range: Range<Int>
  ) async throws -> [Job.Output] {
    if wasShutDown.load(ordering: .acquiring) { throw ExecutorError(settings.name, .shutDown) }
    let label = "\(Job.self)"
    let workers = try workersOfCurrentLoop()
    return try await on(workers) { [settings] workers in
      let message = try Self.message(jobs[range], label)
      if message.count > settings.messageLimit {
        throw ProcessPoolError(label, .messageTooLong(bytes: message.count, limit: settings.messageLimit))
      }
      let isVirtual = workers.loop.backendKind == .virtual
      let bytes = isVirtual ? answer(to: message) : try await workers.run(message, jobs: range.count, named: label)
      return try Self.results(of: Job.self, range.count, bytes, label)
    }
  }

  private static func message<Job: ProcessJob>(_ jobs: ArraySlice<Job>, _ label: String) throws -> [UInt8] {
    guard let name = JobMessage.name(of: Job.self) else { throw ProcessPoolError(label, .typeWithoutName) }
    let writer = ValueWriter()
    try writer.write(JobMessage.Kind.jobs)
    try writer.write(name)
    try writer.write(jobs.count)
    for job in jobs { try writer.write(job) }
    return writer.bytes
  }

  private static func results<Job: ProcessJob>(
    of type: Job.Type, _ count: Int, _ bytes: [UInt8], _ label: String
  ) throws -> [Job.Output] {
    let reader = ValueReader(bytes)
    guard try reader.read(JobMessage.Answer.self) == .results else {
      let failure = try reader.read(JobFailure.self)
      throw failure.error ?? ProcessPoolError(label, .failed(type: failure.type, description: failure.description))
    }
    var results: [Job.Output] = []
    results.reserveCapacity(count)
    for _ in 0..<count { results.append(try reader.read(Job.Output.self)) }
    return results
  }

  // MARK: - Its loop

  /// The workers on the pool's loop: the loop of the first call, or after that has ended, of this one.
  private func workersOfCurrentLoop() throws -> PoolWorkers {
    let loop = try EventLoop.currentOrStarted()
    let (workers, isNew) = try workers.withLock { workers in
      if let workers, !workers.loop.isClosed { return (workers, false) }
      let new = PoolWorkers(on: loop, settings, setUp: try setUpMessage())
      workers = new
      return (new, true)
    }
    if isNew {
      if loop.isCurrent { loop.tellOfEnd(workers) } else { loop.postFromAnywhere { $0.tellOfEnd(workers) } }
    }
    return workers
  }

  private func setUpMessage() throws -> [UInt8] {
    let writer = ValueWriter()
    try writer.write(JobMessage.Kind.setUp)
    try writer.write(settings.memoryLimit ?? 0)
    if let initializer {
      let type = type(of: initializer)
      guard let name = JobMessage.name(of: type) else { throw ProcessPoolError("\(type)", .typeWithoutName) }
      try writer.write(name)
      try writer.write(initializer)
    } else {
      try writer.write("")
    }
    return writer.bytes
  }

  private nonisolated(nonsending) func on<Result: Sendable>(
    _ workers: PoolWorkers, _ body: @Sendable (PoolWorkers) async throws -> Result
  ) async throws -> Result {
    if workers.loop.isCurrent(for: #isolation) { return try await body(workers) }
    return try await workers.loop.anchor.run { try await body(workers) }
  }
}

extension ProcessPoolExecutor: CustomStringConvertible {
  public var description: String { "ProcessPoolExecutor(\"\(settings.name)\", at most \(maxWorkers) workers)" }
}

extension EventLoop {
  /// Runs a job in a process of an executor, and waits for its result; asyncio's `run_in_executor` with a
  /// `ProcessPoolExecutor`. See `ProcessPoolExecutor.submit`, also for cancellation and errors.
  ///
  /// ```swift
  /// let nine = try await EventLoop.current.runInExecutor(pool, Square(n: 3))
  /// ```
  public nonisolated(nonsending) func runInExecutor<Job: ProcessJob>(
    _ executor: ProcessPoolExecutor, _ job: Job
  ) async throws -> Job.Output {
    try await executor.submit(job)
  }
}
