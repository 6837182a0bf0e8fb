// SPDX-License-Identifier: Apache-2.0
// The body runs in a cancel scope, so that the failure of a task can cancel it. Every cancellation reaches the tasks
// through the body: from outside, by `cancel`, or because a task failed, the body is always cancelled first.

/// Runs the body with a scope for tasks, and returns when all tasks have ended; asyncio's `TaskGroup`, trio's nursery.
///
/// ```swift
/// try await withTaskScope { scope in
///   let user = scope.createTask(name: "user") { try await loadUser() }
///   let orders = scope.createTask(name: "orders") { try await loadOrders() }
///   print(try await user.value, try await orders.value)
/// }
/// ```
///
/// The first failure, of a task or of the body, cancels the others. All are waited for, and all of their errors are
/// thrown. A task that ends by a `CancellationError` hasn't failed. A body that does so cancels the tasks, and the
/// error is thrown on when they have ended.
///
/// **Cancellation** of the caller cancels the body and the tasks, and waits for them.
///
/// - Returns: What the body returned. A body without a result that was ended by the scope's `cancel` returns normally.
/// - Throws: `ErrorGroup` with the errors of all tasks and of the body, if there are any, in the order in which they
///   happened. An error that another task or the body has thrown on counts once. So do two tasks that throw the same
///   stored `any Error`: errors count by identity. `CancellationError` if the body was cancelled, and has a result
///   type.
@discardableResult
public func withTaskScope<Value>(
  isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) (TaskScope) async throws -> Value
) async throws -> Value {
  try await EventLoop.spendBudget()
  let cancelScope = try CancelScope(deadline: nil)
  let scope = TaskScope(cancelScope)
  var value: Value?
  var cancellation: (any Error)?
  await cancelScope.run {
    await withTaskCancellationHandler {
      // Capturing the isolation makes the closure run there. Otherwise it would leave the caller's actor for a turn.
      _ = isolation
      do {
        value = try await body(scope)
      } catch let error as CancellationError {
        cancellation = error
        // The cancellation may be that of another task that the body awaited. The tasks don't go on without the body
        // even then.
        cancelScope.node.forwardCancellation()
      } catch {
        scope.bodyFailed(error)
      }
      if await scope.close(), cancellation == nil { cancellation = CancellationError() }
    } onCancel: {
      scope.cancelTasks()
    }
  }
  let errors = scope.errors
  if !errors.isEmpty {
    throw ErrorGroup(errors.count == 1 ? "a task of a scope failed" : "\(errors.count) tasks of a scope failed", errors)
  }
  guard let cancellation else { return value! }
  if cancelScope.wasEndedByItself(cancellation) {
    if let value { return value }
    // Not `() as? Value`: an optional, or Any, may also hold `()`, and that is a result.
    if Value.self == Void.self { return () as! Value }
  }
  throw cancellation
}
