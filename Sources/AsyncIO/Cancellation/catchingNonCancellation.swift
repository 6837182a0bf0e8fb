// SPDX-License-Identifier: Apache-2.0

/// Runs the body and catches its errors, but for its cancellation, which goes on.
///
/// ```swift
/// for url in urls {
///   if case .failure(let error) = try await catchingNonCancellation({ try await fetch(url) }) {
///     print(url, error)
///   }
/// }
/// ```
///
/// A plain `catch` catches a `CancellationError` too, and a loop around it then goes on, although it was to end.
///
/// - Throws: `CancellationError` if that is what the body threw, or if the task was cancelled and the body threw
///   anything at all.
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
