// SPDX-License-Identifier: Apache-2.0
// In Python, calling an async function makes a coroutine, which `gather` and `create_task` start. In Swift the call
// itself runs the function, and a closure is what starts later. These overloads say so where the compiler would
// complain about conversions. Those of `gather` take existentials: a trailing closure doesn't fit one. So a
// `gather(urls) { … }` that doesn't compile keeps the compiler's own words.

@available(*, unavailable, message: "'gather' takes closures: 'gather({ try await a() }, { try await b() })'")
@discardableResult
/// Explains that `gather` takes closures.
public func gather(_ first: any Sendable, _ second: any Sendable) async throws -> (any Sendable, any Sendable) {
  fatalError("unavailable")
}

@available(*, unavailable, message: "'gather' takes closures: 'gather({ try await a() }, { try await b() })'")
@discardableResult
/// Explains that `gather` takes closures.
public func gather(
  _ first: any Sendable, _ second: any Sendable, _ third: any Sendable
) async throws -> (any Sendable, any Sendable, any Sendable) {
  fatalError("unavailable")
}

@available(*, unavailable, message: "'createTask' takes a closure: 'createTask { try await work() }'")
@discardableResult
/// Explains that `createTask` takes a closure.
public func createTask<Value: Sendable>(
  name: String? = nil, eagerStart: Bool = false, _ value: Value
) -> TaskHandle<Value> {
  fatalError("unavailable")
}

extension TaskScope {
  @available(*, unavailable, message: "'createTask' takes a closure: 'scope.createTask { try await work() }'")
  @discardableResult
  /// Explains that `createTask` takes a closure.
  public func createTask<Value: Sendable>(
    name: String? = nil, eagerStart: Bool = false, _ value: Value
  ) -> TaskHandle<Value> {
    fatalError("unavailable")
  }
}
