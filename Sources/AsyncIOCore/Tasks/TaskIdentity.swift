// SPDX-License-Identifier: Apache-2.0

import CSwiftRuntime

/// Which task: for what belongs to one, and is to be told from what belongs to another.
///
/// A task here is what its author takes for one. The body of a time limit or of another scope runs in a task of its
/// own, which is none to whoever wrote it: what is borrowed there may be given back outside. The tasks that Swift
/// starts for `async let`, in groups and for `Task {}` are others than the one that started them.
///
/// It is the number that the runtime gives a task, not its address: that is used again for a later task.
package struct TaskIdentity: Hashable, Sendable, CustomStringConvertible {
  private let number: UInt64

  /// The task that the calling code belongs to; nil outside of tasks.
  package static var current: TaskIdentity? { current(within: .current) }

  /// The same where the innermost node is known.
  package static func current(within node: CancelNode?) -> TaskIdentity? {
    guard let task = unsafe asyncio_current_task() else { return nil }
    if let node, let identity = node.identity, node.isOwnTask { return identity }
    return unsafe TaskIdentity(number: asyncio_task_number(task))
  }

  /// One of several tasks that the same Swift task is, one after the other, by its number among the tasks of this
  /// library. Those are apart from the runtime's.
  init(lightTask id: Int) { number = 1 << 63 | UInt64(id) }

  private init(number: UInt64) { self.number = number }

  package var description: String { number >> 63 == 0 ? "task \(number)" : "task \"Task-\(number & ~(1 << 63))\"" }
}
