// SPDX-License-Identifier: Apache-2.0
// A function on a thread can't be stopped, but it can ask whether it should stop. It asks by Swift's own
// `Task.isCancelled`: the function runs as a task, made for it, whose only purpose are task-local values and this flag.
// So code that was written for tasks asks in the same way. What the function waits for may be work on a loop, as at a
// `BlockingPortal`; that work is cancelled by a handler.

import Synchronization

/// The cancellation of one function on a thread.
package final class CallCancellation: Sendable {
  /// That of the function which runs on this thread.
  @TaskLocal package static var current: CallCancellation?

  private struct State {
    var isCancelled = false
    var handlers: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private let state = Mutex(State())
  /// The loop that waits for the function.
  package let loop: EventLoop?

  package init(loop: EventLoop? = nil) { self.loop = loop }

  package func cancel() {
    let handlers = state.withLock { state in
      state.isCancelled = true
      defer { state.handlers = [:] }
      return state.handlers.values.map { $0 }
    }
    for handler in handlers { handler() }
  }

  /// Calls the handler once, when the call is cancelled or now if it was. Returns a token for `remove`.
  package func add(_ handler: @escaping @Sendable () -> Void) -> Int? {
    let token: Int? = state.withLock { state in
      if state.isCancelled { return nil }
      state.next += 1
      state.handlers[state.next] = handler
      return state.next
    }
    if token == nil { handler() }
    return token
  }

  package func remove(_ token: Int?) {
    // Released outside of the mutex.
    _ = state.withLock { state in token.flatMap { state.handlers.removeValue(forKey: $0) } }
  }
}
