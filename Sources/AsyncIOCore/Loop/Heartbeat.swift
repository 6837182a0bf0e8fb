// SPDX-License-Identifier: Apache-2.0
// A watchdog on another thread sees by this whether a loop is stuck. It holds a number that changes with every job, and
// whether the loop sleeps. It costs one plain store a job; the loop reads nothing back.

import CLinux
import CSwiftRuntime
import Glibc
import Synchronization

package final class Heartbeat: Sendable {
  /// Twice the number of jobs begun; odd while the loop waits in its backend or does not run.
  private let beat = Atomic<UInt>(1)
  private let thread = Atomic<Int32>(0)
  /// The address of the runtime's variables of that thread; see RunningTask.
  private let storage = Atomic<UInt>(0)
  private let closed = Atomic<Bool>(false)

  package init() {}

  @inline(__always)
  func beats() { beat.store((beat.load(ordering: .relaxed) | 1) &+ 1, ordering: .relaxed) }

  @inline(__always)
  func sleeps() { beat.store(beat.load(ordering: .relaxed) | 1, ordering: .relaxed) }

  @inline(__always)
  func wakes() { beat.store((beat.load(ordering: .relaxed) | 1) &+ 1, ordering: .relaxed) }

  func begin() {
    let thread = asyncio_thread_id()
    if thread != self.thread.exchange(thread, ordering: .relaxed) {
      storage.store(UInt(asyncio_runtime_storage().start), ordering: .relaxed)
    }
    wakes()
  }

  func end() { sleeps() }

  func close() { closed.store(true, ordering: .relaxed) }

  /// The number to compare later, and whether the loop is in a job. Callable from any thread.
  package var reading: (beat: UInt, isBusy: Bool) {
    let beat = beat.load(ordering: .relaxed)
    return (beat, beat & 1 == 0)
  }

  /// The address of the task that runs on the loop's thread, if it is known. The task may be gone when the address is
  /// used. Callable from any thread but the loop's.
  var runningTask: UInt64? { RunningTask.address(onThreadWith: UInt64(storage.load(ordering: .relaxed))) }

  /// Whether the loop has ended for good. Callable from any thread.
  var isClosed: Bool { closed.load(ordering: .relaxed) }

  /// The kernel's id of the loop's thread.
  package var threadID: Int32 { thread.load(ordering: .relaxed) }
}
