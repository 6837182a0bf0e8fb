// SPDX-License-Identifier: Apache-2.0

/// Runs the body in a task that is already cancelled.
func cancelled<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
  try await Task {
    withUnsafeCurrentTask { $0?.cancel() }
    return try await body()
  }.value
}
