// SPDX-License-Identifier: Apache-2.0
// Waits with a deadline. A time limit on I/O is a property of its waits and needs no second task. Its timer enters the
// heap with the wait and leaves it afterwards, without an allocation.

/// The deadline of a wait passed before the event.
package struct DeadlinePassed: Error {
  package init() {}
}

extension EventLoop {
  /// Waits until the given time of this loop's clock at most; `.max` waits without a limit. After `.deadlinePassed` the
  /// waiter takes back what it armed, as after a cancellation.
  package nonisolated(nonsending) func wait(_ id: WaitID, until deadline: Int64) async -> WaitOutcome {
    // Benchmark: idle.
    // One wait for both cases: it is inlined, and every idle connection holds its memory while it is suspended.
    let timer = deadline == .max ? nil : timers.insert(deadline: deadline, .endWait(id))
    let outcome = await wait(id)
    if let timer { takeBack(timer) }
    return outcome
  }

  /// The same, and a cancellation does not end the wait.
  package nonisolated(nonsending) func waitUninterrupted(_ id: WaitID, until deadline: Int64) async {
    let timer = deadline == .max ? nil : timers.insert(deadline: deadline, .endWait(id))
    await waitUninterrupted(id)
    if let timer { takeBack(timer) }
  }

  /// Cancels the timer of a wait that is over. Its task may continue on another loop's thread.
  @inline(__always)
  func takeBack(_ timer: TimerID) {
    if isCurrent { _ = timers.cancel(timer) } else { postFromAnywhere { $0.timers.cancel(timer) } }
  }
}
