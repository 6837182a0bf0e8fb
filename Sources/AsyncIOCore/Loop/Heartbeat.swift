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

  /// The number to compare later, and whether the loop is in a job at all. From any thread.
  package var reading: (beat: UInt, isBusy: Bool) {
    let beat = beat.load(ordering: .relaxed)
    return (beat, beat & 1 == 0)
  }

  /// The kernel's id of the loop's thread.
  package var threadID: Int32 { thread.load(ordering: .relaxed) }
}
