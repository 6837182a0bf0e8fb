// SPDX-License-Identifier: Apache-2.0

/// A wait at a barrier ended because the barrier was aborted or reset; asyncio's `BrokenBarrierError`.
public struct BrokenBarrierError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The event that broke the wait.
  public enum Reason: Hashable, Sendable {
    /// `abort` was called: no task passes until `reset`.
    case aborted
    /// `reset` was called while tasks waited: they must begin anew.
    case reset
  }

  /// The event that broke the wait.
  public let reason: Reason

  public var description: String {
    switch reason {
    case .aborted: "Barrier.wait: the barrier was aborted"
    case .reset: "Barrier.wait: the barrier was reset"
    }
  }
}
