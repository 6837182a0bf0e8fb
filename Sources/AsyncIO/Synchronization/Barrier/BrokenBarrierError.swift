// SPDX-License-Identifier: Apache-2.0

/// A wait at a barrier ended because the barrier was aborted or reset; asyncio's `BrokenBarrierError`.
public struct BrokenBarrierError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was done to the barrier.
  public enum Reason: Hashable, Sendable {
    /// `abort` was called: nobody passes until `reset` is.
    case aborted
    /// `reset` was called while tasks waited: they are to begin anew.
    case reset
  }

  public let reason: Reason

  public var description: String {
    switch reason {
    case .aborted: "Barrier.wait: the barrier was aborted"
    case .reset: "Barrier.wait: the barrier was reset"
    }
  }
}
