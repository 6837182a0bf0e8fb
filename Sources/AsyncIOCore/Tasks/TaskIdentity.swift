// SPDX-License-Identifier: Apache-2.0

import CSwiftRuntime

/// Identifies a task, for objects that belong to one task and must reject others.
///
/// A task here is what its author considers one. The body of a time limit or of another scope runs in a Swift task of
/// its own, but not for its author. An object borrowed there may be given back outside. The tasks that Swift starts for
/// `async let`, in groups and for `Task {}` differ from the one that started them.
///
/// The identity is the runtime's number of a task, not its address, which is reused for later tasks.
package struct TaskIdentity: Hashable, Sendable, CustomStringConvertible {
  private let number: UInt64

  /// The task that the calling code belongs to; nil outside of tasks.
  package static var current: TaskIdentity? { current(within: .current) }

  /// The task that the calling code belongs to, where the innermost node is known.
  package static func current(within node: CancelNode?) -> TaskIdentity? {
    guard let task = unsafe asyncio_current_task() else { return nil }
    if let node, let identity = node.identity, node.isOwnTask { return identity }
    return unsafe TaskIdentity(number: asyncio_task_number(task))
  }

  /// One of several tasks that are one Swift task in turn, by its number among this library's tasks. These numbers are
  /// distinct from the runtime's.
  init(lightTask id: Int) { number = 1 << 63 | UInt64(id) }

  private init(number: UInt64) { self.number = number }

  package var description: String { number >> 63 == 0 ? "task \(number)" : "task \"Task-\(number & ~(1 << 63))\"" }
}
