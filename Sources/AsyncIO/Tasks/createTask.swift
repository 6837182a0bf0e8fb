// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Starts a task that runs beside the caller; asyncio's `create_task`.
///
/// ```swift
/// let ticker = createTask(name: "ticker") {
///   while true {
///     try await sleep(.seconds(1))
///     print("tick")
///   }
/// }
/// try await sleep(.seconds(10))
/// ticker.cancel("enough ticks")
/// ```
///
/// The body runs in the isolation of the place where it is written, in the order of these calls, from the next turn of
/// the loop on. It inherits the task-local values, and no time limits: it outlives whoever starts it, up to the end of
/// the loop. `withTaskScope` starts tasks that do not.
///
/// - Parameters:
///   - name: What reports call it; `Task-` and a number if nil.
///   - eagerStart: Runs the body now, within this call, up to its first suspension. That saves a turn, and changes who
///     comes first, so it is for each call to choose.
/// - Returns: The task's handle. The task runs whether or not that is kept.
@discardableResult
public func createTask<Value: Sendable>(
  name: String? = nil, eagerStart: Bool = false, isolation: isolated (any Actor)? = #isolation,
  file: StaticString = #fileID, line: UInt = #line,
  @_inheritActorContext _ body: sending @escaping @isolated(any) () async throws -> Value
) -> TaskHandle<Value> {
  let loop = EventLoop.current
  let handle = TaskHandle<Value>(name: name, loop: loop, file: file, line: line)
  handle.start(eagerly: eagerStart, isolation: isolation, body)
  return handle
}
