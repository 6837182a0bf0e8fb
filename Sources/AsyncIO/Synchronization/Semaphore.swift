// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Lets a number of tasks at a time into a section of code; asyncio's `Semaphore`.
///
/// ```swift
/// let downloads = Semaphore(4)
/// try await downloads.withPermit {
///   try await sleep(.milliseconds(50))
/// }
/// ```
///
/// First come, first served: a released permit goes to the first in line. Permits have no owner: any task may release
/// one, and more may be released than were acquired; `BoundedSemaphore` doesn't allow that. A semaphore may be used
/// from any thread and any loop. While permits are free it neither suspends nor allocates.
public final class Semaphore: Sendable {
  private let permits: Permits

  /// Makes a semaphore with a number of permits.
  ///
  /// Traps if the value is negative.
  public init(_ value: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
    require(value >= 0, "Semaphore: the value \(value) is negative", file: file, line: line)
    permits = Permits(value)
  }

  /// Makes the semaphore of a `BoundedSemaphore`.
  init(boundedBy value: Int, file: StaticString, line: UInt) {
    require(value >= 0, "BoundedSemaphore: the value \(value) is negative", file: file, line: line)
    permits = Permits(value, bound: value)
  }

  /// Whether `acquire` would wait; asyncio's `locked`.
  public var isLocked: Bool { permits.isLocked }

  /// Takes a permit, and waits for one if necessary.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits: it then has no permit, and has lost its
  ///   place in line. A free permit is taken even by a cancelled task, up to 64 times in a row.
  @inlinable
  public nonisolated(nonsending) func acquire() async throws {
    if !acquireAtOnce() { try await acquireInLine() }
  }

  /// Takes a permit if one is free, without waiting. Returns false otherwise.
  public func tryAcquire() -> Bool { permits.tryAcquire() }

  /// Gives a permit to the first in line, or frees it.
  public func release() { release(file: #fileID, line: #line) }

  /// Does so for a `BoundedSemaphore`; traps if all permits are already free.
  func release(file: StaticString, line: UInt) {
    require(permits.release(), "BoundedSemaphore.release: released more often than acquired", file: file, line: line)
  }

  /// Runs the body with a permit; asyncio's `async with`.
  ///
  /// - Throws: What the body throws, after the permit was released; `CancellationError` as `acquire` does: the body
  ///   then didn't run.
  @inlinable
  public nonisolated(nonsending) func withPermit<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    defer { release() }
    return try await body()
  }

  @usableFromInline func acquireAtOnce() -> Bool { permits.acquireAtOnce() }

  @usableFromInline nonisolated(nonsending) func acquireInLine() async throws { try await permits.acquire(for: self) }
}

extension Semaphore: WaitObject {
  package var waitDescription: String { "a semaphore with \(permits.waiting) in line" }
}

extension Semaphore: CustomStringConvertible {
  public var description: String { "Semaphore(\(contents))" }

  var contents: String { "\(permits.value) free, \(permits.waiting) waiting" }
}
