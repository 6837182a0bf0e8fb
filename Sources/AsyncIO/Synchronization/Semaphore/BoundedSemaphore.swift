// SPDX-License-Identifier: Apache-2.0

/// A semaphore that cannot have more permits than it began with; asyncio's `BoundedSemaphore`.
///
/// ```swift
/// let connections = BoundedSemaphore(10)
/// try await connections.acquire()
/// connections.release()
/// // one more release would end the process: it is a mistake in the program
/// ```
///
/// In all else it is a `Semaphore`.
public final class BoundedSemaphore: Sendable {
  @usableFromInline let semaphore: Semaphore

  /// A semaphore with so many permits, and never more.
  ///
  /// Ends the process with a sentence if the value is negative.
  public init(_ value: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
    semaphore = Semaphore(boundedBy: value, file: file, line: line)
  }

  /// Whether `acquire` would wait; asyncio's `locked`.
  public var isLocked: Bool { semaphore.isLocked }

  /// Takes a permit, waiting for it if there is none.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it has no permit then, and its place in the
  ///   line is gone. A permit that is there is taken even by a cancelled task,
  ///   up to 64 times in a row.
  @inlinable
  public nonisolated(nonsending) func acquire() async throws { try await semaphore.acquire() }

  /// Takes a permit if there is one, without waiting.
  public func tryAcquire() -> Bool { semaphore.tryAcquire() }

  /// Gives a permit to the first in line, or adds it to those that are free.
  ///
  /// Ends the process with a sentence if all are free already.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    semaphore.release(file: file, line: line)
  }

  /// Runs the body with a permit; asyncio's `async with`.
  ///
  /// - Throws: What the body throws, after the permit was released; `CancellationError` as `acquire` does, and then the
  ///   body didn't run.
  @inlinable
  public nonisolated(nonsending) func withPermit<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await semaphore.withPermit(body)
  }
}

extension BoundedSemaphore: CustomStringConvertible {
  public var description: String { "BoundedSemaphore(\(semaphore.contents))" }
}
