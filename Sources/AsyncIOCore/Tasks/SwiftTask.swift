// SPDX-License-Identifier: Apache-2.0
// A reference to a task of the Swift runtime, without its result type. `Task` is a generic struct around such a
// reference, and `UnsafeCurrentTask` is one that may not be kept.

import CSwiftRuntime

/// A retained task of the runtime: asking whether it is cancelled stays safe after its end.
package struct SwiftTask: @unchecked Sendable {
  // Sendable: the runtime's functions used here may be called from any thread.

  /// An object of the runtime, reference-counted like every object. A plain reference: nothing is allocated.
  private let task: AnyObject

  /// The current task; nil outside of tasks.
  package init?() {
    guard let current = unsafe asyncio_current_task() else { return nil }
    task = unsafe Unmanaged<AnyObject>.fromOpaque(current).takeUnretainedValue()
  }

  package init(_ task: Task<Void, Never>) {
    // Safety: a `Task` is one reference (its only stored property, frozen ABI).
    self.task = unsafe unsafeBitCast(task, to: AnyObject.self)
  }

  package var isCancelled: Bool { unsafe asyncio_task_is_cancelled(address) }

  /// Cancels it. Its cancellation handlers run now, on this thread.
  package func cancel() { unsafe asyncio_cancel_task(address) }

  package var isCurrent: Bool { unsafe asyncio_current_task() == address }

  var address: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(task).toOpaque() }
}
