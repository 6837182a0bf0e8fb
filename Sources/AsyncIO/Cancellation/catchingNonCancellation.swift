// SPDX-License-Identifier: Apache-2.0

/// Runs the body and catches its errors, except its cancellation, which it throws on.
///
/// ```swift
/// for url in urls {
///   if case .failure(let error) = try await catchingNonCancellation({ try await fetch(url) }) {
///     print(url, error)
///   }
/// }
/// ```
///
/// A plain `catch` also catches a `CancellationError`, and a loop around it goes on although it should end.
///
/// - Throws: `CancellationError` if the body threw it, or if the task was cancelled and the body threw any error.
public nonisolated(nonsending) func catchingNonCancellation<Value>(
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Result<Value, any Error> {
  do {
    return .success(try await body())
  } catch let error as CancellationError {
    throw error
  } catch {
    try Task.checkCancellation()
    return .failure(error)
  }
}
