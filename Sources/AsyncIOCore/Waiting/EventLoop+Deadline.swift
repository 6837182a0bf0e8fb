// SPDX-License-Identifier: Apache-2.0
// Waits that end at a time. A time limit on I/O is a property of its waits and needs no second task: the timer is put
// into the heap with the wait and taken out after it, and costs no allocation.

/// A wait came to its deadline before what was waited for.
package struct DeadlinePassed: Error {
  package init() {}
}

extension EventLoop {
  /// `wait`, until a time of this loop's clock at the latest; `.max` is none. After `.deadlinePassed` the waiter takes
  /// back what it armed, as after a cancellation.
  package nonisolated(nonsending) func wait(_ id: WaitID, until deadline: Int64) async -> WaitOutcome {
    // One wait for both cases: it is inlined, and what it keeps while it is suspended counts for every idle connection.
    let timer = deadline == .max ? nil : timers.insert(deadline: deadline, .endWait(id))
    let outcome = await wait(id)
    if let timer { takeBack(timer) }
    return outcome
  }

  /// Cancels the timer of a wait that is over. Its task may go on on the thread of another loop.
  @inline(__always)
  func takeBack(_ timer: TimerID) {
    if isCurrent { _ = timers.cancel(timer) } else { postFromAnywhere { $0.timers.cancel(timer) } }
  }
}
