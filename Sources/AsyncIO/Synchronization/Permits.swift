// SPDX-License-Identifier: Apache-2.0
// Taking a free permit costs 10 ns for its mutex, and would cost 30 with the frame of an async call around it (Swift
// 6.3.1, x86_64). So the attempt is an ordinary call, and only the rest after its failure is an async one.
//
// Benchmark: lock.

import AsyncIOCore
import Synchronization

/// `SemaphoreState` behind a mutex: the core of `Lock` and `Semaphore`.
struct Permits: ~Copyable, Sendable {
  private let state: Mutex<SemaphoreState<LineWait>>

  init(_ value: Int, bound: Int = .max) { state = Mutex(SemaphoreState(value: value, bound: bound)) }

  var isLocked: Bool { state.withLock { $0.isLocked } }

  var value: Int { state.withLock { $0.value } }

  var waiting: Int { state.withLock { $0.line.count } }

  func tryAcquire() -> Bool { state.withLock { $0.tryAcquire() } }

  /// Returns false if no permit is free, or the job has had its share of operations: `acquire` does the rest then.
  func acquireAtOnce() -> Bool { !EventLoop.hasSpentBudget() && tryAcquire() }

  /// Takes a permit after `acquireAtOnce` has failed.
  nonisolated(nonsending) func acquire(for object: any WaitObject & Sendable) async throws {
    try await EventLoop.spendBudget()
    try await waitInLine {
      attempt(object)
    } leave: {
      leave($0)
    }
  }

  nonisolated(nonsending) func acquireUninterrupted(for object: any WaitObject & Sendable) async {
    await waitInLineUninterrupted {
      attempt(object)
    } leave: {
      leave($0)
    }
  }

  private func attempt(_ object: any WaitObject) -> Attempt<Void, SemaphoreState<LineWait>.Line.Token> {
    state.withLock { state in
      state.tryAcquire() ? .done(()) : .wait(WaitReason("acquire", on: object)) { state.join($0) }
    }
  }

  private func leave(_ token: SemaphoreState<LineWait>.Line.Token) -> Void? { state.withLock { $0.leave(token) } }

  /// Gives a permit back. Does nothing and returns false if all are already free.
  func release() -> Bool {
    var next: LineWait.Claim?
    let wasTaken = state.withLock { state in
      if state.isFull { return false }
      next = state.release()
      return true
    }
    next?.resume()
    return wasTaken
  }
}
