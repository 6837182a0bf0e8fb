// SPDX-License-Identifier: Apache-2.0

/// A job of a process pool has failed, by itself or with its worker.
///
/// ```swift
/// do {
///   try await pool.submit(Square(n: 3))
/// } catch let error as ProcessPoolError {
///   print(error)  // Square: its worker 4711 was ended by SIGKILL
/// }
/// ```
public struct ProcessPoolError: Error, Sendable, CustomStringConvertible {
  /// Why.
  public enum Reason: Sendable {
    /// The job has thrown an error that isn't `Codable`: the error's type, and its description.
    case failed(type: String, description: String)
    /// The worker's process has ended during the job. The text is the end of what it wrote to its standard error.
    case workerDied(process: Int32, end: WorkerEnd, output: String)
    /// The job has taken longer than the pool's limit. Its worker was killed.
    case timeLimit(Duration)
    /// The pool's initializer has failed in a new worker.
    case initializerFailed(String)
    /// The message with the job, or the answer, is longer than the pool's limit.
    case messageTooLong(bytes: Int, limit: Int)
    /// A worker doesn't find the job's type by its name: the type is private, or was declared in a function.
    case typeWithoutName
  }

  /// How a process has ended.
  public enum WorkerEnd: Hashable, Sendable, CustomStringConvertible {
    /// With this status.
    case exited(Int32)
    /// By this signal.
    case signaled(Signal)
    /// Unknown: the program has collected the status elsewhere, or ignores SIGCHLD.
    case unknown

    /// `exited with status 3`, `was ended by SIGSEGV`.
    public var description: String {
      switch self {
      case .exited(let status): "exited with status \(status)"
      case .signaled(let signal): "was ended by \(signal)"
      case .unknown: "has ended"
      }
    }
  }

  /// The type of the job.
  public let job: String
  /// Why.
  public let reason: Reason

  init(_ job: String, _ reason: Reason) {
    self.job = job
    self.reason = reason
  }

  /// One line with the job and the reason, and the end of the worker's standard error below.
  public var description: String {
    switch reason {
    case .failed(let type, let description): "\(job): it threw \(type): \(description)"
    case .workerDied(let process, let end, let output):
      "\(job): its worker \(process) \(end)" + (output.isEmpty ? "" : ", after it wrote:\n\(output)")
    case .timeLimit(let limit): "\(job): it took longer than \(limit), and was killed"
    case .initializerFailed(let description): "\(job): the initializer of its worker failed: \(description)"
    case .messageTooLong(let bytes, let limit): "\(job): a message of \(bytes) bytes is longer than \(limit)"
    case .typeWithoutName: "\(job): the type is private or was declared in a function, where a worker can't find it"
    }
  }
}
