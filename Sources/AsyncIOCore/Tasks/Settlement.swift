// SPDX-License-Identifier: Apache-2.0
// Storage for a `SettlementState`: it locks, asks the state, and acts after it has unlocked.

import Synchronization

/// The end of a task or of a future, for those who wait for it. Callable from any thread.
package struct Settlement: ~Copyable, Sendable {
  typealias Callback = @Sendable () -> Void

  private let state = Mutex(SettlementState<LineWait, Callback>())

  package init() {}

  package var phase: SettlementPhase { state.withLock { $0.phase } }

  /// Whether any code has looked at the result.
  package var wasRetrieved: Bool { state.withLock { $0.wasRetrieved } }

  package func markRetrieved() { state.withLock { $0.wasRetrieved = true } }

  /// Ends it and tells all listeners. `store` saves the result before any code can ask for it. Returns false if it has
  /// ended before.
  @discardableResult
  package func finish(_ phase: SettlementPhase, store: () -> Void = {}) -> Bool {
    let told = state.withLock { state in
      if state.phase == .pending { store() }
      return state.finish(phase)
    }
    guard let told else { return false }
    for telling in told {
      switch telling {
      case .resume(let claim): claim.resume()
      case .call(let callback): callback()
      }
    }
    return true
  }

  /// Waits for the end.
  ///
  /// - Throws: `CancellationError` if the waiting task is cancelled before.
  package nonisolated(nonsending) func wait(_ reason: WaitReason) async throws {
    try await waitInLine {
      begin(reason)
    } leave: {
      leave($0)
    }
  }

  /// Waits for the end, even if the waiting task is cancelled.
  package nonisolated(nonsending) func waitUninterrupted(_ reason: WaitReason) async {
    await waitInLineUninterrupted {
      begin(reason)
    } leave: {
      leave($0)
    }
  }

  private func begin(_ reason: WaitReason) -> Attempt<Void, Int> {
    state.withLock { state in
      if state.phase != .pending { return .done(()) }
      return .wait(reason) { state.join($0) }
    }
  }

  private func leave(_ token: Int) -> Void? { state.withLock { $0.leave(token) ? () : nil } }

  /// Calls back in a turn after the end, on the loop of the calling thread or else the shared one. The callback has the
  /// task-local values of this call.
  package func addCallback(_ callback: @escaping @Sendable () -> Void) {
    let loop = EventLoop.current
    let context = TaskContext.capture()
    let scheduled: Callback = { loop.callInContext(context, callback) }
    if state.withLock({ $0.addCallback(scheduled) }) == nil { scheduled() }
  }

  /// Calls back at once if it has ended, else as soon as it ends, on that thread.
  ///
  /// - Returns: A token for `forget`; nil if it has ended.
  @discardableResult
  package func whenSettled(_ callback: @escaping @Sendable () -> Void) -> Int? {
    let token = state.withLock { $0.addCallback(callback) }
    if token == nil { callback() }
    return token
  }

  /// Removes a callback of `whenSettled`.
  package func forget(_ token: Int) {
    // The callback is released outside of the mutex.
    _ = state.withLock { $0.removeCallback(token) }
  }
}
