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
/// The body runs in the isolation of the place where it is written. Tasks start in the order of these calls, from the
/// next turn of the loop on. A task inherits task-local values but no time limits: it outlives its creator, up to the
/// end of the loop. Tasks of `withTaskScope` end before their creator goes on.
///
/// - Parameters:
///   - name: The task's name in reports; `Task-` and a number if nil.
///   - eagerStart: Runs the body now, within this call, up to its first suspension. That saves a turn, and changes
///     which code runs first: so each call chooses.
/// - Returns: The task's handle. The task runs whether or not the handle is kept.
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
