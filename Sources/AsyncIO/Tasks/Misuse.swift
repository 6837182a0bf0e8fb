// SPDX-License-Identifier: Apache-2.0
// In Python, calling an async function makes a coroutine, which `gather` and `create_task` start. In Swift the call
// itself runs the function, and a closure is what starts later. These overloads say so where the compiler would
// complain about conversions. Those of `gather` take existentials: a trailing closure doesn't fit one. So a
// `gather(urls) { … }` that doesn't compile keeps the compiler's own words.

import AsyncIOCore

/// A mistake in the program: a call that makes no sense. Functions that throw anyway throw this error; others trap with
/// the same kind of sentence.
public struct MisuseError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The function and the mistake: `wait: there is nothing to wait for`.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Explains that `gather` takes closures.
@available(*, unavailable, message: "'gather' takes closures: 'gather({ try await a() }, { try await b() })'")
@discardableResult
public func gather(_ first: any Sendable, _ second: any Sendable) async throws -> (any Sendable, any Sendable) {
  fatalError("unavailable")
}

/// Explains that `gather` takes closures.
@available(*, unavailable, message: "'gather' takes closures: 'gather({ try await a() }, { try await b() })'")
@discardableResult
public func gather(
  _ first: any Sendable, _ second: any Sendable, _ third: any Sendable
) async throws -> (any Sendable, any Sendable, any Sendable) {
  fatalError("unavailable")
}

/// Explains that `createTask` takes a closure.
@available(*, unavailable, message: "'createTask' takes a closure: 'createTask { try await work() }'")
@discardableResult
public func createTask<Value: Sendable>(
  name: String? = nil, eagerStart: Bool = false, _ value: Value
) -> TaskHandle<Value> {
  fatalError("unavailable")
}

extension TaskScope {
  /// Explains that `createTask` takes a closure.
  @available(*, unavailable, message: "'createTask' takes a closure: 'scope.createTask { try await work() }'")
  @discardableResult
  public func createTask<Value: Sendable>(
    name: String? = nil, eagerStart: Bool = false, _ value: Value
  ) -> TaskHandle<Value> {
    fatalError("unavailable")
  }
}

// With Foundation or Glibc imported, `sleep(1)` is libc's, which blocks the thread, and with it the loop. An
// unavailable overload would lose against libc's, which is available. An async overload wins in async code: it forces
// `try await`, warns about the missing unit, and sleeps as asyncio's does. It is disfavored, so that `sleep(.zero)` is
// a duration.

/// Suspends the task for a number of seconds, as asyncio's `sleep(1)` does; libc's `sleep` would block the loop. The
/// warning asks for the unit: `sleep(.seconds(1))`.
///
/// - Throws: `CancellationError` as soon as the task is cancelled.
@_disfavoredOverload
@available(
  *, deprecated, message: "a duration has a unit: 'try await sleep(.seconds(...))'; libc's 'sleep' blocks the loop"
)
public nonisolated(nonsending) func sleep<Seconds: BinaryInteger>(_ seconds: Seconds) async throws {
  try await AsyncIOCore.sleep(.seconds(Int64(clamping: seconds)))
}

/// Suspends the task for a number of seconds with a fraction. The warning asks for the unit.
///
/// - Throws: `CancellationError` as soon as the task is cancelled.
@_disfavoredOverload
@available(
  *, deprecated, message: "a duration has a unit: 'try await sleep(.seconds(...))'; libc's 'sleep' blocks the loop"
)
public nonisolated(nonsending) func sleep(_ seconds: Double) async throws {
  try await AsyncIOCore.sleep(.seconds(seconds))
}
