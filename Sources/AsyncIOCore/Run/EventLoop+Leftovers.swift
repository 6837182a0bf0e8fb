// SPDX-License-Identifier: Apache-2.0
// The leftovers of a program on a loop when its run is over. Tests report them: in a program that ends they do no harm,
// but in a test they show that something was not awaited.

extension EventLoop {
  /// Open servers and running tasks, in words, each with the place where it was made if known. The tasks of a server's
  /// connections and the children of other tasks are left out. On the loop's thread.
  package func leftovers() -> [String] {
    let left = allTasks.filter { !$0.isConnections && $0.node.parent == nil && !$0.isDone }
    return openObjects() + left.map { "\($0) was left behind" } + sleepers(besides: allTasks)
  }

  private func openObjects() -> [String] {
    var seen: Set<ObjectIdentifier> = []
    var open: [String] = []
    operations.forEachInFlight { id in
      guard let sink = unsafe operations.record(id)?.pointee.sink as? any LeftOpen else { return }
      if seen.insert(ObjectIdentifier(sink)).inserted, let words = sink.leftOpen { open.append(words) }
    }
    return open.sorted()
  }

  /// The runtime does not tell where a plain Swift task was created, nor whether it is a child. So only sleeping ones
  /// are named (this library's own tasks don't use that sleep), and none that may belong to a task already named.
  private func sleepers(besides tasks: [AnyTaskHandle]) -> [String] {
    guard tasks.isEmpty else { return [] }
    return waitingTasks().filter { $0.reason == "sleep" || $0.reason == "Task.sleep" }.map { task in
      "\(task.name.map { "task \"\($0)\"" } ?? "a task") of Swift's own was left behind (it waits: \(task.reason))"
    }
  }
}
