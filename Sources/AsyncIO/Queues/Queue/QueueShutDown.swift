// SPDX-License-Identifier: Apache-2.0

/// A queue was shut down: nothing can be put into it any more, or nothing is left to get; asyncio's `QueueShutDown`.
public struct QueueShutDown: Error, Hashable, Sendable, CustomStringConvertible {
  public init() {}

  public var description: String { "the queue was shut down" }
}
