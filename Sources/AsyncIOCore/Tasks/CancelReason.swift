// SPDX-License-Identifier: Apache-2.0

/// Why something was cancelled. `CancellationError` doesn't say; `currentCancelReason` and a task's `cancelReason` do.
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
  public enum Kind: Hashable, Sendable {
    /// Somebody called `cancel` on the task or on a scope around the code.
    case requested
    /// A time limit was reached.
    case deadline
    /// Another task of the same group failed.
    case siblingFailed
    /// Whoever awaited the task was cancelled.
    case awaiterCancelled
    /// The program was interrupted by Ctrl-C, SIGINT; or by another signal of `EventLoop.run(stopsOn:)`, which is the
    /// message then.
    case interrupted
    /// The loop came to its end.
    case loopEnded
    /// A cancellation of Swift's own, `Task.cancel()`, which takes no reason.
    case unspecified
  }

  public let kind: Kind
  /// What the canceller said; empty if nothing.
  public let message: String

  public init(_ kind: Kind, _ message: String = "") {
    self.kind = kind
    self.message = message
  }

  public var description: String {
    if kind == .interrupted { return "interrupted (\(message.isEmpty ? "SIGINT" : message))" }
    let words =
      switch kind {
      case .requested: "cancelled"
      case .deadline: "out of time"
      case .siblingFailed: "another task of the group failed"
      case .awaiterCancelled: "whoever awaited it was cancelled"
      case .interrupted: "interrupted"
      case .loopEnded: "the loop ended"
      case .unspecified: "cancelled without a reason"
      }
    return message.isEmpty ? words : "\(words): \(message)"
  }
}
