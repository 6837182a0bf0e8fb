// SPDX-License-Identifier: Apache-2.0
// A time limit says how long was waited, and not for what. The scope's own code knows neither: it is cancelled, wherever
// it waits. So the loop, which cancels it, looks at the wait that ends by that.
//
// Only waits of the scope's own task on the scope's loop are seen. Code in a scope within is cancelled when the outer wait
// has ended, and names no wait.

import Synchronization

/// The node of a cancel scope, which can say what its code waited for when its time ran out.
package final class ScopeNode: CancelNode, @unchecked Sendable {
  // Sendable: what it adds is behind a mutex.
  private let wait = Mutex<String?>(nil)

  /// What the code waited for, with whom: `receive from 127.0.0.1:8080`. Nil if it waited for nothing with a name.
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
    // Its task has not run since, so what it waited for is still there to be asked.
    guard let id = expiringWait.take(), let record = unsafe waits.record(id) else { return }
    (node as? ScopeNode)?.expired(during: unsafe record.pointee.reason)
  }

  /// A wait ends by its task's cancellation. Called while the runtime cancels that task, so nobody is asked yet.
  @inline(__always)
  func noteCancelledWait(_ id: WaitID) {
    guard isExpiring, expiringWait == nil, let record = unsafe waits.record(id) else { return }
    if unsafe record.pointee.state == .suspended { expiringWait = id }
  }
}
