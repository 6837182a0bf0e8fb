// SPDX-License-Identifier: Apache-2.0
// The tasks of a loop that have not ended. The references are strong: a running task must not vanish because no other
// code holds it (python/cpython#91887). It is a dense array in which each task knows its place, so that entering and
// leaving take constant time. A mutex guards it, since tasks are created, ended and looked at on any thread.

import Synchronization

final class TaskRegistry: Sendable {
  private let tasks = Mutex<[AnyTaskHandle]>([])

  func insert(_ task: AnyTaskHandle) {
    tasks.withLock { tasks in
      task.place = tasks.count
      tasks.append(task)
    }
  }

  func remove(_ task: AnyTaskHandle) {
    tasks.withLock { tasks in
      guard task.place >= 0 else { return }
      let last = tasks.removeLast()
      if last !== task {
        last.place = task.place
        tasks[task.place] = last
      }
      task.place = -1
    }
  }

  var count: Int { tasks.withLock { $0.count } }

  /// Whether no task has a handle. Tasks without one are awaited by the code that started them.
  var isEmpty: Bool { tasks.withLock { $0.isEmpty } }

  var all: [AnyTaskHandle] {
    let light = lightTasks.withLock { Array($0.values) }.flatMap(\.all)
    return (tasks.withLock { $0 } + light).sorted { $0.id < $1.id }
  }

  /// The name of the task that is, or contains, the runtime's task at this address.
  func name(ofTaskAt address: UInt64) -> String? {
    func isIt(_ task: AnyTaskHandle) -> Bool { task.node.contains(taskAt: address) }
    if let task = tasks.withLock({ $0.first(where: isIt) }) { return task.name }
    let light = lightTasks.withLock { Array($0.values) }
    for tasks in light { if let name = tasks.name(ofTaskAt: address) { return name } }
    return nil
  }

  // MARK: - Tasks without handles

  private let lightTasks = Mutex<[ObjectIdentifier: LightTasks]>([:])

  func insert(_ tasks: LightTasks) { lightTasks.withLock { $0[ObjectIdentifier(tasks)] = tasks } }

  func remove(_ tasks: LightTasks) { _ = lightTasks.withLock { $0.removeValue(forKey: ObjectIdentifier(tasks)) } }
}
