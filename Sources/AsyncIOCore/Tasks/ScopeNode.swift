// SPDX-License-Identifier: Apache-2.0
// An expired time limit should say which operation was waiting, and for which peer. The scope does not know: its code
// is cancelled wherever it waits. The loop does the cancelling, so the loop looks at the wait that ends by it.
//
// It sees the waits of the scope's own task on the scope's loop. Code in a nested scope is cancelled later, when the
// outer wait has ended, so its wait is not named.

import Synchronization

/// The node of a cancel scope. It knows which operation was waiting when the time ran out.
package final class ScopeNode: CancelNode, @unchecked Sendable {
  // Sendable: what it adds is behind a mutex.
  private let wait = Mutex<String?>(nil)
  /// The end of the code in the scope.
  package let settlement = Settlement()

  /// The operation that was waiting, and its peer: `receive from 127.0.0.1:8080`. Nil for a wait without a named
  /// object.
  package var expiredWait: String? { wait.withLock { $0 } }

  fileprivate func expired(during reason: WaitReason) {
    guard let text = reason.describedObject else { return }
    wait.withLock { $0 = text }
  }
}

extension EventLoop {
  /// Cancels the code of a scope whose time has run out.
  package func expire(_ node: CancelNode) {
    expiringWait = nil
    isExpiring = true
    node.cancel(CancelReason(.deadline))
    isExpiring = false
    // The task has not run since, so the object that it waits on is still alive.
    guard let id = expiringWait.take(), let record = unsafe waits.record(id) else { return }
    (node as? ScopeNode)?.expired(during: unsafe record.pointee.reason)
  }

  /// Notes a wait that ends by its task's cancellation. The runtime is cancelling that task, so no object is asked
  /// here.
  @inline(__always)
  func noteCancelledWait(_ id: WaitID) {
    guard isExpiring, expiringWait == nil, let record = unsafe waits.record(id) else { return }
    if unsafe record.pointee.state == .suspended { expiringWait = id }
  }
}
