// SPDX-License-Identifier: Apache-2.0
// Tasks that are started by the hundred thousand, as `gather` does. Each has its own node, which time limits and
// reasons need. A handle, with its name, mutexes and place in the registry, is three times as large, and rarely needed.
// So it is made on request: by `currentTask` in the task, or for a list of all tasks.
//
// One Swift task may be several of these tasks, one after another. It reuses its node, unless other code has retained
// it: such code keeps the task that the node stands for.
//
// Benchmark: gather.

import Synchronization

/// The tasks that one call has started, and that have no handle yet. Callable from any thread.
package final class LightTasks: Sendable {
  /// The outer node of them all, which has the reason if they are cancelled together.
  package let node: CancelNode
  private let loop: EventLoop
  private let file: StaticString
  private let line: UInt
  /// The number of the task with index 0.
  private let firstID: Int
  /// The nodes of the running tasks, unretained: each is removed before it is released.
  private let running = Mutex<[Running]>([])

  @safe private struct Running: @unchecked Sendable {
    // Sendable: the node is.
    // Safe: it is in the list only while its task holds it.
    unowned(unsafe) let node: LightTaskNode
  }

  package init(count: Int, on loop: EventLoop, file: StaticString, line: UInt) {
    node = CancelNode(parent: .current)
    self.loop = loop
    self.file = file
    self.line = line
    firstID = AnyTaskHandle.reserveIDs(count)
  }

  /// Adds its tasks to those of the loop, until `end`.
  package func begin() { loop.tasks.insert(self) }

  package func end() {
    loop.tasks.remove(self)
    node.end()
  }

  /// Makes the current Swift task begin the task with this index.
  package func enter(_ index: Int) -> LightTaskNode {
    let node = makeNode(index)
    running.withLock { running in
      node.place = running.count
      running.append(Running(node: node))
    }
    return node
  }

  /// Ends the node's task without an error, and makes the Swift task begin the one with this index.
  package func next(_ node: inout LightTaskNode, _ index: Int) {
    let isAlone = running.withLock { _ in
      guard isKnownUniquelyReferenced(&node) else { return false }
      node.index = index
      return true
    }
    if isAlone { return }
    let next = makeNode(index)
    running.withLock { running in
      next.place = node.place
      running[next.place] = Running(node: next)
    }
    node.end()?.end(by: nil)
    node = next
  }

  /// Ends the node's task, with or without an error, and with it the Swift task.
  package func leave(_ node: LightTaskNode, _ error: (any Error)? = nil) {
    running.withLock { running in
      let last = running.removeLast()
      if unsafe last.node !== node {
        unsafe last.node.place = node.place
        running[node.place] = last
      }
    }
    node.end()?.end(by: error)
  }

  private func makeNode(_ index: Int) -> LightTaskNode {
    let node = LightTaskNode(index, of: self)
    if let task = SwiftTask() { node.attach(task) }
    return node
  }

  fileprivate func makeHandle(of node: LightTaskNode) -> AnyTaskHandle {
    AnyTaskHandle(of: node, id: id(of: node), loop: loop, file: file, line: line)
  }

  fileprivate func id(of node: LightTaskNode) -> Int { firstID + node.index }

  /// The name of the running task that is the runtime's task at this address.
  func name(ofTaskAt address: UInt64) -> String? {
    running.withLock { running in
      running.first { unsafe $0.node.contains(taskAt: address) }.map { unsafe "Task-\(id(of: $0.node))" }
    }
  }

  /// The handles of the running tasks.
  var all: [AnyTaskHandle] {
    // Make the handles under the mutex: nodes with a handle are not reused.
    running.withLock { running in running.compactMap { unsafe $0.node.owner } }
  }
}

package final class LightTaskNode: CancelNode, @unchecked Sendable {
  // Sendable: `index` changes only while no other code has the node, `place` only under the mutex of its tasks.
  fileprivate var index: Int
  fileprivate var place = -1
  private let tasks: LightTasks

  fileprivate init(_ index: Int, of tasks: LightTasks) {
    self.index = index
    self.tasks = tasks
    super.init(parent: tasks.node)
  }

  override func makeOwner() -> AnyTaskHandle? { tasks.makeHandle(of: self) }

  override var identity: TaskIdentity? { TaskIdentity(lightTask: tasks.id(of: self)) }
}
