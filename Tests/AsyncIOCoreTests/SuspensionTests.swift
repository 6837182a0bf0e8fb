// SPDX-License-Identifier: Apache-2.0
// What a suspended task is to the rest of the world, whichever way it was suspended.

import Synchronization
import Testing

@testable import AsyncIOCore

private final class Count: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .relaxed) }

  func increase() { count.add(1, ordering: .relaxed) }
}

/// Whether the suspensions of the scenario are direct. Others run at the same time, and don't mind.
private func suspending<Result>(
  directly: Bool, _ body: () async throws -> Result
) async rethrows -> Result {
  EventLoop.suspendsDirectly = directly
  defer { EventLoop.suspendsDirectly = true }
  return try await body()
}

@Suite(.serialized) struct SuspensionTests {
  /// If this fails, with a new toolchain perhaps, everything else still works, and is slower: see suspension.c.
  @Test func `the first suspension finds that tasks can be suspended directly`() async throws {
    EventLoop.suspendsDirectly = nil
    try await onLoop(.epoll) { loop in await loop.yield() }
    #expect(EventLoop.suspendsDirectly == EventLoop.maySuspendDirectly)
  }

  private final class Holder {
    var count = 0
  }

  /// Adds one before and one behind a wait; the caller has access to the number all the while.
  private func increase(_ count: inout Int, on loop: EventLoop) async throws {
    count += 1
    try await loop.sleep(.zero)
    try await loop.sleep(.microseconds(10))
    count += 1
  }

  /// The runtime keeps a list of a thread's accesses in progress; a task's leave it while the task waits. Otherwise
  /// those of other tasks would be taken for conflicts, or be linked to frames that are gone.
  @Test(arguments: [true, false]) func `accesses that last over a wait belong to the task`(
    directly: Bool
  ) async throws {
    try await suspending(directly: directly) {
      let sum = try await onLoop(.epoll) { loop in
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<20 {
            group.addTask {
              let holder = Holder()
              for _ in 0..<20 { try await self.increase(&holder.count, on: loop) }
              return holder.count
            }
          }
          return try await group.reduce(0, +)
        }
      }
      #expect(sum == 20 * 20 * 2)
    }
  }

  @Test(arguments: [true, false]) func `while a task waits, its thread has no current task`(
    directly: Bool
  ) async throws {
    try await suspending(directly: directly) {
      let log = try await onLoop(.epoll) { loop in
        let log = Log<Bool>()
        loop.postFromAnywhere { _ in withUnsafeCurrentTask { log.note($0 != nil) } }
        while log.entries.isEmpty { try await loop.sleep(.zero) }
        loop.postFromAnywhere { _ in withUnsafeCurrentTask { log.note($0 != nil) } }
        while log.entries.count < 2 { try await loop.sleep(.microseconds(10)) }
        return log.entries
      }
      #expect(log == [false, false])
    }
  }

  @Test(arguments: [true, false]) func `a task that waits is cancelled from another thread, and its handlers run`(
    directly: Bool
  ) async throws {
    try await suspending(directly: directly) {
      let handled = Count()
      try await onLoop(.epoll) { loop in
        let task = Task {
          try await withTaskCancellationHandler {
            try await loop.sleep(.seconds(3600))
          } onCancel: {
            handled.increase()
          }
        }
        try await loop.sleep(.zero)
        try await onThread { task.cancel() }
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      #expect(handled.value == 1)
    }
  }

  @Test(arguments: [true, false]) func `a task that waits is escalated, and goes on with the new priority`(
    directly: Bool
  ) async throws {
    try await suspending(directly: directly) {
      let (escalated, priority) = try await onLoop(.epoll) { loop in
        let escalated = Count()
        let task = Task(priority: .low) {
          try await withTaskPriorityEscalationHandler {
            try await loop.sleep(.milliseconds(1))
            return Task.currentPriority
          } onPriorityEscalated: { _, _ in
            escalated.increase()
          }
        }
        try await loop.sleep(.zero)
        task.escalatePriority(to: .high)
        let priority = try await task.value
        return (escalated.value, priority)
      }
      #expect(escalated == 1)
      #expect(priority == .high)
    }
  }

  private actor Account {
    private(set) var balance = 0

    /// The state of an actor without an executor of its own stays the actor's behind each wait, on whichever of the
    /// loops that goes on.
    func deposit() async throws {
      for _ in 0..<50 {
        let before = balance
        try await sleep(.zero)
        assertIsolated()
        balance = max(before, balance) + 1
        let now = balance
        #expect(now == balance)
      }
    }
  }

  @Test(arguments: [true, false]) func `code of an actor is back on it behind a wait`(directly: Bool) async throws {
    try await suspending(directly: directly) {
      let account = Account()
      async let first: Void = onLoop(.epoll) { _ in for _ in 0..<5 { try await account.deposit() } }
      async let second: Void = onLoop(.epoll) { _ in for _ in 0..<5 { try await account.deposit() } }
      _ = try await (first, second)
      #expect(await account.balance == 500)
    }
  }
}
