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
/// In all else it behaves like `Semaphore`.
public final class BoundedSemaphore: Sendable {
  @usableFromInline let semaphore: Semaphore

  /// Makes a semaphore with a number of permits, and never more.
  ///
  /// Traps if the value is negative.
  public init(_ value: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
    semaphore = Semaphore(boundedBy: value, file: file, line: line)
  }

  /// Whether `acquire` would wait; asyncio's `locked`.
  public var isLocked: Bool { semaphore.isLocked }

  /// Takes a permit, and waits for one if necessary.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it then has no permit, and has lost its
  ///   place in line. A free permit is taken even by a cancelled task, up to 64 times in a row.
  @inlinable
  public nonisolated(nonsending) func acquire() async throws { try await semaphore.acquire() }

  /// Takes a permit if one is free, without waiting. Returns false otherwise.
  public func tryAcquire() -> Bool { semaphore.tryAcquire() }

  /// Gives a permit to the first in line, or frees it.
  ///
  /// Traps if all are already free.
  public func release(file: StaticString = #fileID, line: UInt = #line) {
    semaphore.release(file: file, line: line)
  }

  /// Runs the body with a permit; asyncio's `async with`.
  ///
  /// - Throws: What the body throws, after the permit was released; `CancellationError` as `acquire` does: the body
  ///   then didn't run.
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
