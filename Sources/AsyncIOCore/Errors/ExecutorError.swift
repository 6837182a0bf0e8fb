// SPDX-License-Identifier: Apache-2.0

/// An executor refused a function, or could not run it.
///
/// ```swift
/// let pool = ThreadPoolExecutor(maxWorkers: 2, name: "render")
/// await pool.shutdown()
/// do {
///   try await pool.submit { 42 }.value
/// } catch let error as ExecutorError {
///   print(error)  // executor "render": it was shut down
/// }
/// ```
public struct ExecutorError: Error, Sendable, CustomStringConvertible {
  /// Why.
  public enum Reason: Sendable {
    /// It was shut down before.
    case shutDown
    /// As many functions as its limit allows stand in line.
    case lineIsFull(Int)
    /// The initializer of its thread or worker failed.
    case initializerFailed(any Error)
    /// The system has started no thread.
    case noThread
  }

  /// The executor's name.
  public let executor: String
  /// Why.
  public let reason: Reason

  package init(_ executor: String, _ reason: Reason) {
    self.executor = executor
    self.reason = reason
  }

  /// One line: the executor and the reason.
  public var description: String {
    let words =
      switch reason {
      case .shutDown: "it was shut down"
      case .lineIsFull(let limit): "\(limit) functions stand in line already"
      case .initializerFailed(let error): "its initializer failed: \(error)"
      case .noThread: "the system starts no thread"
      }
    return "executor \"\(executor)\": \(words)"
  }
}
