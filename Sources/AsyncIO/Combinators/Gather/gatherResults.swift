// SPDX-License-Identifier: Apache-2.0

/// Runs the body for each element, side by side, and returns how each of them ended, in the order of the elements;
/// asyncio's `gather` with `return_exceptions=True`.
///
/// ```swift
/// let results = try await gatherResults(urls, limit: 100) { url in try await fetch(url) }
/// for (url, result) in zip(urls, results) {
///   if case .failure(let error) = result { print(url, error) }
/// }
/// ```
///
/// Like `gather`, except that an error doesn't disturb the other bodies.
///
/// **Cancellation** of the caller cancels all bodies, and waits for them. This then throws, unless all bodies have
/// ended in other ways.
///
/// - Parameter limit: The most bodies at a time, at least one; nil for all.
/// - Throws: `CancellationError` if the caller was cancelled and a body ended by that or was not started; `MisuseError`
///   for a limit below 1.
@inlinable
public func gatherResults<Elements: Sequence, Value>(
  _ elements: Elements, limit: Int? = nil, isolation: isolated (any Actor)? = #isolation,
  file: StaticString = #fileID, line: UInt = #line,
  @_implicitSelfCapture _ body: nonisolated(nonsending) @escaping (Elements.Element) async throws -> Value
) async throws -> [Result<Value, any Error>] {
  let elements = Array(elements)
  let results = GatherResults<Result<Value, any Error>>(count: elements.count)
  let run = try GatherRun(count: elements.count, limit: limit, file: file, line: line) { index in
    do {
      results[index] = .success(try await body(elements[index]))
    } catch {
      results[index] = .failure(error)
    }
  }
  try await run.run(isolation: isolation)
  let values = results.values
  try throwIfCancelled(values.lazy.compactMap { if case .failure(let error) = $0 { error } else { nil } })
  return values
}

/// Runs the bodies side by side, and returns how each of them ended; asyncio's `gather` with `return_exceptions=True`.
///
/// ```swift
/// let (user, orders) = try await gatherResults({ try await loadUser(id) }, { try await loadOrders(of: id) })
/// print(try user.get(), (try? orders.get()) ?? [])
/// ```
///
/// **Cancellation** of the caller cancels all bodies, and waits for them. This then throws, unless all bodies have
/// ended in other ways.
///
/// - Throws: `CancellationError` if the caller was cancelled and a body ended by that or was not started.
public func gatherResults<each Value>(
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
  _ bodies: repeat nonisolated(nonsending) @escaping () async throws -> each Value
) async throws -> (repeat Result<each Value, any Error>) {
  let places = (repeat GatherResultPlace(each bodies))
  var all: [any GatherBody] = []
  repeat all.append(each places)
  try await run(all, isolation: isolation, file: file, line: line)
  var errors: [any Error] = []
  for result in repeat (each places).result! {
    if case .failure(let error) = result { errors.append(error) }
  }
  try throwIfCancelled(errors)
  return (repeat (each places).result!)
}

private final class GatherResultPlace<Value>: GatherBody {
  private let body: nonisolated(nonsending) () async throws -> Value
  private(set) var result: Result<Value, any Error>?

  init(_ body: nonisolated(nonsending) @escaping () async throws -> Value) { self.body = body }

  nonisolated(nonsending) func run() async throws {
    do { result = .success(try await body()) } catch { result = .failure(error) }
  }
}
