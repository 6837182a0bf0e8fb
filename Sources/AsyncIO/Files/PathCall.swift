// SPDX-License-Identifier: Apache-2.0
// How the calls on paths run: each is one job of FileSystem's calls, whatever it does there.

import AsyncIOCore

/// What a task waits for: the path.
final class PathWait: WaitObject, Sendable {
  private let path: Path

  init(_ path: Path) { self.path = path }

  var waitDescription: String { path.description }
}

extension Path {
  /// Runs the calls of one operation as one job.
  nonisolated(nonsending) func call<Value: Sendable>(
    _ operation: WaitReason.StaticName, _ body: @escaping @Sendable (any FileSystem) throws -> Value
  ) async throws -> Value {
    let waited = PathWait(self)
    return try await onCurrentLoop { loop in
      try await loop.runFileJob(WaitReason(operation, on: waited), body)
    }
  }

  /// Carries out a call of the file system, and names its error.
  func naming<Value>(_ operation: String, _ body: () throws(Errno) -> Value) throws(SystemError) -> Value {
    do throws(Errno) { return try body() } catch { throw error.named(operation, description) }
  }

  /// The same for a call with two paths.
  func naming<Value>(
    _ operation: String, to other: Path, _ body: () throws(Errno) -> Value
  ) throws(SystemError) -> Value {
    do throws(Errno) { return try body() } catch { throw error.named(operation, "\(self) to \(other)") }
  }
}
