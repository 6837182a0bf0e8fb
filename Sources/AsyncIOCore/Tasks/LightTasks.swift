// SPDX-License-Identifier: Apache-2.0
// Tasks that are started by the hundred thousand, as `gather` does. Each has its node, since time limits and reasons go
// by that; a handle, with its name, mutexes and place in the registry, is three times as much, and hardly anybody asks
// for it. So it is made when somebody does: `currentTask` in the task, or a list of all tasks.
//
// One Swift task may be several of these tasks, one after the other. It uses its node again, unless somebody has kept
// it: whoever does keeps the task that it stands for.

import Synchronization

/// The tasks that one call has started, and that have no handle yet. From any thread.
package final class LightTasks: Sendable {
  /// What is around all of them, and says why they are cancelled together.
  package let node: CancelNode
  private let loop: EventLoop
  private let file: StaticString
  private let line: UInt
  /// The number of the task with index 0.
  private let firstID: Int
  /// The nodes of the tasks that run, unretained: each leaves before it goes.
  private let running = Mutex<[Running]>([])

  @safe private struct Running: @unchecked Sendable {
    // Sendable: the node is. Safe: it is in the list only while its task holds it.
    unowned(unsafe) let node: LightTaskNode
  }

  package init(count: Int, on loop: EventLoop, file: StaticString, line: UInt) {
    node = CancelNode(parent: .current)
    self.loop = loop
    self.file = file
    self.line = line
    firstID = AnyTaskHandle.reserveIDs(count)
  }

  /// Lists its tasks among those of the loop, until `end`.
  package func begin() { loop.tasks.insert(self) }

  package func end() {
    loop.tasks.remove(self)
    node.end()
  }

  /// The current Swift task begins the task with this index.
  package func enter(_ index: Int) -> LightTaskNode {
    let node = makeNode(index)
    running.withLock { running in
      node.place = running.count
      running.append(Running(node: node))
    }
    return node
  }

  /// The task of the node has ended without an error, and the same Swift task begins the one with this index.
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

  /// The task of the node has ended, by an error or without, and with it the Swift task.
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

  /// The name of the task among those that run which has the runtime's task at this address.
  func name(ofTaskAt address: UInt64) -> String? {
    running.withLock { running in
      running.first { unsafe $0.node.contains(taskAt: address) }.map { unsafe "Task-\(id(of: $0.node))" }
    }
  }

  /// The handles of those that run.
  var all: [AnyTaskHandle] {
    // Nodes get their handles under the mutex: then they are not used again.
    running.withLock { running in running.compactMap { unsafe $0.node.owner } }
  }
}

package final class LightTaskNode: CancelNode, @unchecked Sendable {
  // Sendable: `index` changes only while nobody else has the node, `place` under the mutex of its tasks.
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
