// SPDX-License-Identifier: Apache-2.0
// What a program has left behind on a loop when its run is over. For tests, which report it: in a program that ends it
// does no harm, in a test it is a sign that something wasn't waited for.

extension EventLoop {
  /// Servers that are open, and tasks that go on, in words, each with the place where it was made if that is known. The
  /// tasks of a server's connections are not among them, nor the children of others. On the loop's thread.
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

  /// Of tasks of Swift's own nobody knows where they were created, and which are children. So only those that sleep are
  /// named, which the library's own tasks don't, and none if they may belong to a task that is named already.
  private func sleepers(besides tasks: [AnyTaskHandle]) -> [String] {
    guard tasks.isEmpty else { return [] }
    return waitingTasks().filter { $0.reason == "sleep" || $0.reason == "Task.sleep" }.map { task in
      "\(task.name.map { "task \"\($0)\"" } ?? "a task") of Swift's own was left behind (it waits: \(task.reason))"
    }
  }
}
