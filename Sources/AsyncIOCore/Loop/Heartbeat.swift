// SPDX-License-Identifier: Apache-2.0
// What a watchdog on another thread needs to see whether a loop is stuck: a number that changes with every job, and
// whether the loop sleeps. One plain store a job; nothing is read back on the loop's side.

import CLinux
import Glibc
import Synchronization

package final class Heartbeat: Sendable {
  /// Twice the number of jobs begun; odd while the loop waits in its backend or does not run.
  private let beat = Atomic<UInt>(1)
  private let thread = Atomic<Int32>(0)
  private let closed = Atomic<Bool>(false)
  /// The name of the task that runs, and the beat that it was noted in; only loops that keep names note any.
  private let named = Mutex<(beat: UInt, name: String?)>((0, nil))

  package init() {}

  @inline(__always)
  func beats() { beat.store((beat.load(ordering: .relaxed) | 1) &+ 1, ordering: .relaxed) }

  @inline(__always)
  func sleeps() { beat.store(beat.load(ordering: .relaxed) | 1, ordering: .relaxed) }

  @inline(__always)
  func wakes() { beat.store((beat.load(ordering: .relaxed) | 1) &+ 1, ordering: .relaxed) }

  func begin() {
    thread.store(asyncio_thread_id(), ordering: .relaxed)
    wakes()
  }

  func end() { sleeps() }

  func close() { closed.store(true, ordering: .relaxed) }

  func runs(taskNamed name: String?) {
    let beat = beat.load(ordering: .relaxed)
    named.withLock { $0 = (beat, name) }
  }

  /// The number to compare later, and whether the loop is in a job at all. From any thread.
  package var reading: (beat: UInt, isBusy: Bool) {
    let beat = beat.load(ordering: .relaxed)
    return (beat, beat & 1 == 0)
  }

  /// The name of the task that runs in this beat, if it is known. From any thread.
  func taskName(at beat: UInt) -> String? { named.withLock { $0.beat == beat ? $0.name : nil } }

  /// Whether the loop has ended for good. From any thread.
  var isClosed: Bool { closed.load(ordering: .relaxed) }

  /// The kernel's id of the loop's thread.
  package var threadID: Int32 { thread.load(ordering: .relaxed) }
}
