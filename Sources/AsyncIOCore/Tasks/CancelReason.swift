// SPDX-License-Identifier: Apache-2.0

/// Why a task or a scope was cancelled. `CancellationError` doesn't say; `currentCancelReason` and a task's
/// `cancelReason` do.
///
/// ```swift
/// let task = createTask {
///   do {
///     try await sleep(.seconds(3600))
///   } catch {
///     print("stopped:", currentCancelReason?.description ?? "nobody knows")  // stopped: cancelled: shutting down
///     throw error
///   }
/// }
/// task.cancel("shutting down")
/// ```
public struct CancelReason: Hashable, Sendable, CustomStringConvertible {
  /// The kinds of reasons.
  public enum Kind: Hashable, Sendable {
    /// The program called `cancel` on the task, or on a scope around the code.
    case requested
    /// A time limit was reached.
    case deadline
    /// Another task of the same group failed.
    case siblingFailed
    /// The task that awaited this one was cancelled.
    case awaiterCancelled
    /// Ctrl-C (SIGINT) interrupted the program, or another signal of `EventLoop.run(stopsOn:)`, which is then the
    /// message.
    case interrupted
    /// The loop ended.
    case loopEnded
    /// Swift's own `Task.cancel()`, which takes no reason.
    case unspecified
  }

  /// The kind of reason.
  public let kind: Kind
  /// The canceller's message; may be empty.
  public let message: String

  /// A reason with a message.
  public init(_ kind: Kind, _ message: String = "") {
    self.kind = kind
    self.message = message
  }

  /// The kind and the message in words.
  public var description: String {
    if kind == .interrupted { return "interrupted (\(message.isEmpty ? "SIGINT" : message))" }
    let words =
      switch kind {
      case .requested: "cancelled"
      case .deadline: "out of time"
      case .siblingFailed: "another task of the group failed"
      case .awaiterCancelled: "the task that awaited it was cancelled"
      case .interrupted: "interrupted"
      case .loopEnded: "the loop ended"
      case .unspecified: "cancelled without a reason"
      }
    return message.isEmpty ? words : "\(words): \(message)"
  }
}
