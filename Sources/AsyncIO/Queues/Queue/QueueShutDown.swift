// SPDX-License-Identifier: Apache-2.0

/// The queue has been shut down: nothing more can be put, or nothing is left to get; asyncio's `QueueShutDown`.
public struct QueueShutDown: Error, Hashable, Sendable, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  public var description: String { "the queue was shut down" }
}
