// SPDX-License-Identifier: Apache-2.0

import CSwiftRuntime

/// Which task: for what belongs to one, and is to be told from what belongs to another.
///
/// A task here is what its author takes for one. The body of a time limit or of another scope runs in a task of its own,
/// which is none to whoever wrote it: what is borrowed there may be given back outside. The tasks that Swift starts for
/// `async let`, in groups and for `Task {}` are others than the one that started them.
///
/// It is the number that the runtime gives a task, not its address: that is used again for a later task.
package struct TaskIdentity: Hashable, Sendable, CustomStringConvertible {
  private let number: UInt64

  /// The task that the calling code belongs to; nil outside of tasks.
  package static var current: TaskIdentity? { current(within: .current) }

  /// The same where the innermost node is known.
  package static func current(within node: CancelNode?) -> TaskIdentity? {
    guard let task = unsafe asyncio_current_task() else { return nil }
    if let node, let caller = node.caller, node.isOwnTask { return caller }
    return unsafe TaskIdentity(number: asyncio_task_number(task))
  }

  package var description: String { "task \(number)" }
}
