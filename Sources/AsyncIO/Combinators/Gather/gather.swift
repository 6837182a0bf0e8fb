// SPDX-License-Identifier: Apache-2.0

/// Runs the body for each element, side by side, and returns the results in the order of the elements; asyncio's
/// `gather` of coroutines.
///
/// ```swift
/// let pages = try await gather(urls, limit: 100) { url in
///   try await fetch(url)
/// }
/// ```
///
/// The bodies run in the caller's isolation, so they share its state without locks: between two awaits of a body no
/// other body runs. They start in the order of the elements, from the next turn of the loop on. Each runs to its first
/// suspension before the next one starts. Each is a task of its own, with the caller's task-local values and time
/// limits.
///
/// The first error cancels the other bodies, and is thrown when all have ended. `gatherResults` lets the others go on.
///
/// **Cancellation** of the caller cancels all bodies, and waits for them. Bodies that haven't started never do. If
/// every body returns a value nonetheless, this returns the values.
///
/// - Parameter limit: The most bodies at a time, at least one; nil for all.
/// - Returns: The values, which may be ignored; empty for an empty sequence.
/// - Throws: The first error of a body; `CancellationError` if not all were started; `MisuseError` for a limit below 1.
@inlinable @discardableResult
public func gather<Elements: Sequence, Value>(
  _ elements: Elements, limit: Int? = nil, isolation: isolated (any Actor)? = #isolation,
  file: StaticString = #fileID, line: UInt = #line,
  @_implicitSelfCapture _ body: nonisolated(nonsending) @escaping (Elements.Element) async throws -> Value
) async throws -> [Value] {
  let elements = Array(elements)
  let results = GatherResults<Value>(count: elements.count)
  let run = try GatherRun(count: elements.count, limit: limit, file: file, line: line) { index in
    results[index] = try await body(elements[index])
  }
  try await run.run(isolation: isolation)
  return results.values
}

/// Runs the bodies side by side, and returns their results; asyncio's `gather` of coroutines.
///
/// ```swift
/// let (user, orders) = try await gather({ try await loadUser(id) }, { try await loadOrders(of: id) })
/// ```
///
/// Otherwise like `gather` of a sequence.
///
/// **Cancellation** of the caller cancels all bodies, and waits for them.
///
/// - Throws: The first error of a body; `CancellationError` if not all were started.
@discardableResult
public func gather<each Value>(
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
  _ bodies: repeat nonisolated(nonsending) @escaping () async throws -> each Value
) async throws -> (repeat each Value) {
  let places = (repeat GatherPlace(each bodies))
  var all: [any GatherBody] = []
  repeat all.append(each places)
  try await run(all, isolation: isolation, file: file, line: line)
  return (repeat (each places).value!)
}

/// A body among others of other types, with its result.
final class GatherPlace<Value>: GatherBody {
  private let body: nonisolated(nonsending) () async throws -> Value
  private(set) var value: Value?

  init(_ body: nonisolated(nonsending) @escaping () async throws -> Value) { self.body = body }

  nonisolated(nonsending) func run() async throws { value = try await body() }
}

protocol GatherBody: AnyObject {
  nonisolated(nonsending) func run() async throws
}

func run(
  _ bodies: [any GatherBody], isolation: isolated (any Actor)?, file: StaticString, line: UInt
) async throws {
  let run = try GatherRun(count: bodies.count, limit: nil, file: file, line: line) { index in
    try await bodies[index].run()
  }
  try await run.run(isolation: isolation)
}
